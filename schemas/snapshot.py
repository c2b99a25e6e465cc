"""Write the JSON Schema of a result beside this file: ``python -m schemas.snapshot``."""

import json
from pathlib import Path

from schemas.extraction import Extraction

PATH = Path(__file__).with_name("extraction.schema.json")

if __name__ == "__main__":
    PATH.write_text(json.dumps(Extraction.model_json_schema(), indent=1) + "\n", encoding="utf-8")
