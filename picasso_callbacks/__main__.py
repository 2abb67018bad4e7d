from picasso_callbacks.command import main

raise SystemExit(main())
