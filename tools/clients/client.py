"""What the scripts beside this file share: the server they are given, its key, and the count of what is wrong."""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "service-check"))
from service import Checks

base = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:6006"
key = sys.argv[2] if len(sys.argv) > 2 else None
check = Checks()
