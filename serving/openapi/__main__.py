"""`python -m serving.openapi`: prints the OpenAPI document. Nothing runs or is connected for that."""

import json
import sys

from serving.app import ROUTERS
from serving.openapi.document import describe

if __name__ == "__main__":
    json.dump(describe(ROUTERS), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")
