# Runs create(client) of files, one after the other, and prints what they return as a JSON list. client(name,
# region_name=...) is a boto3 client.
import importlib.util
import json
import sys

import boto3

made = []
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("estate", path)
    estate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(estate)
    made.append(estate.create(boto3.client))
print("\n" + json.dumps(made, default=str))
