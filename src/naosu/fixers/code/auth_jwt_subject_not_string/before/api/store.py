MEMBERS = {1: {"name": "Ann"}, 2: {"name": "Bob"}}
