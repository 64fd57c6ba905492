"""The only place where adapters meet ports: settings, processes, and the supervisor over them."""
