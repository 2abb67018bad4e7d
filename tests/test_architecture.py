"""The arrows of docs/design.md, held by walking the imports."""

import ast
import graphlib
import pathlib
import sys

import picasso_callbacks

PACKAGE = pathlib.Path(picasso_callbacks.__path__[0])
NAME = PACKAGE.name

TREES = {path.relative_to(PACKAGE): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}

PROBES = {"probes", "probe_images", "probe_labels", "probe_regions", "image_folder", "sampling"}
"""One room in several files, which import each other."""

# From the bottom up. A room imports from rooms below it only.
ROOMS = [
    {"explanation", "schedule", "budget", "png", "scores", "crc32c", "tags", "worker", "problems", "windows"},
    {"activations", "batches", "outputs", "notices"},
    PROBES,
    {"backends", "canvases", "layout", "head", "event_log", "render"},
    {"find_head", "inputs", "reader", "incremental"},
    {"targets", "passes"},
    {"under_masks"},
    {"live_model"},
    {"look", "shortcuts"},
    {"report"},
    {"recorder", "responder"},
    {"methods"},
    {"explain"},
    {"callback"},
    {"__init__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}


def module_of(path: pathlib.Path) -> str:
    """`methods/base.py` -> `methods.base`; `methods/__init__.py` -> `methods`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return module.partition(".")[0]


def imports(tree: ast.AST) -> set[str]:
    """Every module imported anywhere in a file, by its full name."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "Imports are absolute here."
            found.add(str(node.module))
    return found


def imports_within(tree: ast.AST) -> set[str]:
    """The package's own modules that a file imports, without the package's name; the package itself is `__init__`."""
    own = {name for name in imports(tree) if name.partition(".")[0] == NAME}
    return {name.removeprefix(NAME).removeprefix(".") or "__init__" for name in own}


def imports_from_outside(tree: ast.AST) -> set[str]:
    return {name.partition(".")[0] for name in imports(tree)} - {NAME}


def used_names(tree: ast.AST) -> set[str]:
    """Names and attributes that a file mentions: `open`, `makedirs`, `write_text`."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_every_file_is_in_a_room():
    rooms = {room_of(module_of(path)) for path in TREES}
    assert rooms == set(FLOOR), "Say in ROOMS, and in docs/design.md, where a new file belongs."


def test_nothing_imports_upward_or_sideways():
    for path, tree in TREES.items():
        room = room_of(module_of(path))
        for imported in imports_within(tree):
            other = room_of(imported)
            together = other == room or {other, room} <= PROBES
            assert together or FLOOR[other] < FLOOR[room], f"{path} imports {imported}, which is not below it"


def test_no_circle():
    graph = {module_of(path): imports_within(tree) for path, tree in TREES.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises a CycleError that shows the circle


def test_only_the_front_door_is_imported_by_nobody():
    imported = {room_of(module) for tree in TREES.values() for module in imports_within(tree)}
    assert set(FLOOR) - imported == {"__init__"}


def test_each_framework_is_imported_by_its_backend_alone():
    for path, tree in TREES.items():
        frameworks = imports_from_outside(tree) & {"tensorflow", "jax", "torch"}
        own = {path.stem} if path.parent.name == "backends" else set()
        assert frameworks <= own, f"{path} imports {frameworks}"


def test_only_passes_and_backends_call_the_model():
    callers = {path.as_posix() for path, tree in TREES.items() if calls_the_model(tree)}
    assert callers, "The test no longer finds any caller."
    assert {caller for caller in callers if not caller.startswith("backends/")} == {"passes.py"}


def calls_the_model(tree: ast.AST) -> bool:
    """Whether there is a `model(...)`, `self.model(...)`, or a call of a method of Keras that runs the model."""
    runs = {"predict", "predict_on_batch", "evaluate", "train_on_batch", "test_on_batch", "stateless_call", "call"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", None)
            if name in {"model", "_model"} or (isinstance(called, ast.Attribute) and name in runs):
                return True
    return False


def test_only_the_live_model_and_backends_compile_or_make_backends():
    users = {path.stem for path, tree in TREES.items() if "backends" in map(room_of, imports_within(tree))}
    assert users - {"__init__", "base", "tensorflow", "jax", "torch"} == {"live_model", "passes", "ask", "routes"}


def test_only_the_event_log_writes_and_only_probes_read():
    disk = {
        *("open", "makedirs", "mkdir", "mkstemp", "remove", "unlink", "rename", "rmtree", "GFile"),
        *("read_text", "write_text", "read_bytes", "write_bytes", "fromfile", "tofile", "savez", "memmap"),
    }
    touching = {path.as_posix(): used_names(tree) & disk for path, tree in TREES.items()}
    assert {path for path, names in touching.items() if names} == {
        "event_log.py",
        "image_folder.py",
        "probe_regions.py",
    }
    assert touching["image_folder.py"] == touching["probe_regions.py"] == {"open"}  # PIL.Image.open


def test_only_the_event_log_knows_tensorboard():
    assert [path.as_posix() for path, tree in TREES.items() if "tensorboard" in imports_from_outside(tree)] == [
        "event_log.py"
    ]


def test_render_knows_arrays_and_scales_only():
    for path, tree in TREES.items():
        if path.parent.name == "render":
            assert {room_of(module) for module in imports_within(tree)} <= {"render", "explanation"}, path
            third_party = imports_from_outside(tree) - sys.stdlib_module_names
            assert third_party <= {"numpy", "PIL", "cmap"}, path


def test_methods_neither_draw_nor_write():
    for path, tree in TREES.items():
        if path.parent.name == "methods":
            assert not {room_of(module) for module in imports_within(tree)} & {"render", "event_log", "recorder"}, path
            assert not imports_from_outside(tree) & {"PIL", "tensorboard", "keras"}, path


def test_shortcuts_know_the_model_its_scores_probes_maps_and_how_to_hide_only():
    for path, tree in TREES.items():
        if path.parent.name == "shortcuts":
            assert {room_of(module) for module in imports_within(tree)} <= {
                *("shortcuts", "canvases", "live_model", "probes", "scores", "explanation")
            }, path
            assert imports_from_outside(tree) - sys.stdlib_module_names <= {"numpy"}, path


def test_a_report_knows_of_shortcuts_what_was_measured_only():
    within = imports_within(TREES[pathlib.Path("report.py")])
    assert {module for module in within if room_of(module) == "shortcuts"} == {
        "shortcuts.dependence",
        "shortcuts.evidence",
        "shortcuts.hiding",
    }


def test_the_callback_has_no_numbers_or_pixels():
    assert not imports_from_outside(TREES[pathlib.Path("callback.py")]) & {"numpy", "PIL", "cmap", "tensorboard"}
