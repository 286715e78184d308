"""`python -m serving.openapi`: prints the OpenAPI document. Nothing runs or is connected for that.

With `columns` it writes down what dbt says of the columns that are shown, from the files beside it.
"""

import json
import sys

from serving.app import ROUTERS
from serving.openapi.columns import FILE, read_from_dbt
from serving.openapi.document import describe

if __name__ == "__main__":
    if sys.argv[1:] == ["columns"]:
        FILE.write_text(json.dumps(read_from_dbt(), indent=2, ensure_ascii=False) + "\n")
    else:
        json.dump(describe(ROUTERS), sys.stdout, indent=2, sort_keys=True)
        sys.stdout.write("\n")
