"""The hub's settings, as its source names them."""

import re

from .project import ROOT


def known_variables() -> set[str]:
    """The environment variables that the hub reads."""
    source = "".join(path.read_text() for path in (ROOT / "src/app/config/settings").glob("*.rs"))
    names = re.findall(r'Setting::new\(\s*"([a-z_]+)"', source)
    assert len(names) > 30, "settings are no longer made by Setting::new"
    return {f"HUBBUB_{name.upper()}" for name in names}
