#!/usr/bin/python3
"""compare - the consumer's world with the cluster's objects, both as messages.

    compare.py WORLD EXPECTED

WORLD: as world.py writes it. EXPECTED: one message a line,
made from what kubectl shows. Infrastructure objects are MeshSync's own and are
left out. Prints what differs, and ends with 1 if anything does.
"""
import json
import sys


def key(resource):
    metadata = resource["metadata"]
    return (resource["apiVersion"], resource["kind"],
            metadata.get("namespace", ""), metadata["name"])


def read(path):
    found = {}
    with open(path) as lines:
        for line in lines:
            resource = json.loads(line)
            resource = resource.get("Object") or resource["object"]
            if resource["kind"] != "Infrastructure":
                found[key(resource)] = resource
    return found


def first_difference(a, b):
    return next((name for name in sorted(a.keys() | b.keys())
                 if a.get(name) != b.get(name)), "?")


world, expected = read(sys.argv[1]), read(sys.argv[2])
differences = (
    [f"missing: {k}" for k in sorted(expected.keys() - world.keys())]
    + [f"phantom: {k}" for k in sorted(world.keys() - expected.keys())]
    + [f"differs in {first_difference(world[k], expected[k])}: {k}"
       for k in sorted(world.keys() & expected.keys())
       if world[k] != expected[k]])
for line in differences[:20]:
    print(line)
print(f"{len(world)} objects in the world, {len(expected)} in the cluster,"
      f" {len(differences)} differences")
sys.exit(1 if differences or not expected else 0)
