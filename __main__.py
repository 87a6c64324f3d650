from is0k.cli import main

main()
