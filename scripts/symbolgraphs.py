"""The public symbols of the package's libraries, taken out of the debug build: what scripts/documented and
scripts/documentation read."""

import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]


def libraries():
    """The modules of the package's library products."""
    described = subprocess.run(["swift", "package", "describe", "--type", "json"], cwd=ROOT, check=True, capture_output=True).stdout
    products = json.loads(described)["products"]
    return sorted({target for product in products if "library" in product["type"] for target in product["targets"]})


def built():
    """Where the modules of the debug build lie."""
    shown = subprocess.run(["swift", "build", "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return pathlib.Path(shown.strip())


def search_paths(binaries):
    """The compiler's flags by which it finds the modules of the debug build."""
    headers = [flag for path in (ROOT / ".build/checkouts").glob("*/Sources/*/include") for flag in ("-Xcc", f"-I{path}")]
    own = [flag for path in (ROOT / "Sources").glob("*/include") for flag in ("-Xcc", f"-I{path}")]
    maps = [flag for path in binaries.glob("*.build/module.modulemap") for flag in ("-Xcc", f"-fmodule-map-file={path}")]
    return ["-I", binaries / "Modules", *maps, *headers, *own, "-target", binaries.parent.name]


def extract(module, binaries, folder, *options):
    """Writes the graphs of a module's public symbols into a folder, and returns their files."""
    subprocess.run(
        ["swift", "symbolgraph-extract", "-module-name", module, *search_paths(binaries), "-minimum-access-level", "public",
         "-skip-synthesized-members", *options, "-output-dir", folder],
        check=True, stdout=subprocess.DEVNULL,
    )
    return sorted([*folder.glob(f"{module}.symbols.json"), *folder.glob(f"{module}@*.symbols.json")])
