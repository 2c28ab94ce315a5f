"""Makes the reference's model code importable, and only that.

The package `voxcpm` wants downloads and a web page at its top level; the model needs neither. `VOXCPM_SRC` names the
folder that holds the package (an unpacked wheel).
"""

import importlib.machinery
import os
import sys
import types

for _name, _path in [("voxcpm", "voxcpm"), ("voxcpm.model", "voxcpm/model")]:
    _package = types.ModuleType(_name)
    _package.__path__ = [os.path.join(os.environ["VOXCPM_SRC"], _path)]
    _package.__spec__ = importlib.machinery.ModuleSpec(_name, None, is_package=True)
    sys.modules[_name] = _package
os.environ.setdefault("TQDM_DISABLE", "1")

import torch  # noqa: E402

# Only the reference's file reading needs torchaudio, and its wheel wants one build of torch.
_cuda, torch.version.cuda = torch.version.cuda, None
import torchaudio  # noqa: E402, F401

torch.version.cuda = _cuda
