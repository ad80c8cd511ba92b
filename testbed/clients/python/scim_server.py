"""PyPI `scim2-server`, unmodified, as the app that people are provisioned to. It runs until it is ended.

Input: port, token. Output: a line that says that it begins."""

import json
import sys

from scim2_server.testserver.cli import main

values = json.loads(sys.argv[1])
print(json.dumps({"begins": True}), flush=True)
sys.argv = ["scim2-server", "--port", str(values["port"]), "--bearer-token", values["token"]]
main()
