# Runs create(client) of a file and prints what it returns as JSON. client(name, region_name=...) is a boto3 client.
import importlib.util
import json
import sys

import boto3

spec = importlib.util.spec_from_file_location("estate", sys.argv[1])
estate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(estate)
print("\n" + json.dumps(estate.create(boto3.client), default=str))
