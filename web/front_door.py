"""What every request passes on its way in, in this order, and every answer in the other."""

from starlette.middleware import Middleware

from is0k.resolvers.admission import Gate
from is0k.settings import Settings
from is0k.web.admission import Admission
from is0k.web.body_limit import BodyLimit
from is0k.web.cors import Cors
from is0k.web.request_id import RequestId
from is0k.web.trusted_hosts import TrustedHosts


def front_door(settings: Settings, gate: Gate) -> list[Middleware]:
    return [
        Middleware(RequestId),
        Middleware(TrustedHosts, hosts=settings.trusted_hosts),
        # Before admission: a page must be able to read that it is refused, and a preflight, which has no key, is free.
        *([Middleware(Cors, origins=settings.cors_origins)] if settings.cors_origins else []),
        Middleware(Admission, gate=gate, proxies=settings.trusted_proxies),
        Middleware(BodyLimit),
    ]
