"""A Mynah of its own for the checks, with an empty store: the one of service-check, and what these checks ask of it."""

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "service-check"))
import service
from service import request


class Mynah(service.Mynah):
    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}/"

    def json(self, path):
        """What is at a path."""
        return json.loads(self.get(path)[2])

    def delete(self, path):
        assert request(self.connection(), "DELETE", path)[0] == 200, path

    def speak(self, text, **fields):
        """A wave file of a text."""
        status, _, body = self.post("/api/v1/speech", {"text": text, "history": False, **fields})
        assert status == 200, body
        return body
