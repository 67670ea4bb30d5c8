"""Compare each shipped scenario's digest with the kept one, for five seeds; ``--write`` keeps those of this program."""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # the tests are no package that is installed
    sys.path.insert(0, str(ROOT))


def main() -> int:
    """Print what differs; exit with 1 when something does."""
    from tests.simulated.kept_digests import KEPT, SEEDS, digest, shipped

    parser = argparse.ArgumentParser(description=__doc__, epilog="example: tools/digests.py --seeds 1")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="how many seeds of each scenario, from 1 on")
    parser.add_argument("--write", action="store_true", help="keep the digests of this program")
    given = parser.parse_args()
    found = {}
    for name in shipped():
        for seed in range(1, given.seeds + 1):
            found[f"{name}/{seed}"] = value = digest(name, seed)
            print(name, seed, value[:16], file=sys.stderr)
    if given.write:
        KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return 0
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    changed = [run for run, value in found.items() if kept.get(run) != value]
    print(f"{len(found)} runs, {len(changed)} changed", *changed, sep="\n")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
