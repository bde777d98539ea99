"""Build ``sprite.svg`` from the icons that ``names.txt`` lists.

    npm pack @tabler/icons@$(cat VERSION) && tar xzf tabler-icons-*.tgz
    python build_sprite.py package/icons/outline

The stroke and its width are left to the page (``svg.icon``), so that one sprite serves every size and theme.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
FRAME = re.compile(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


def symbol(name: str, folder: Path) -> str:
    source = (folder / f"{name}.svg").read_text(encoding="utf-8")
    drawing = FRAME.sub("", source[source.index(">") + 1 : source.rindex("</svg>")])
    return f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(line.strip() for line in drawing.splitlines())}</symbol>'


def main(folder: Path) -> None:
    names = (HERE / "names.txt").read_text(encoding="utf-8").split()
    symbols = "\n".join(symbol(name, folder) for name in names)
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'
    (HERE / "sprite.svg").write_text(sprite, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
