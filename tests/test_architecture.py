"""The arrows of docs/design.md, held by walking the imports."""

import ast
import graphlib
import pathlib
import sys

import pytest

import picasso_callbacks

PACKAGE = pathlib.Path(picasso_callbacks.__path__[0])
NAME = PACKAGE.name

TREES = {path.relative_to(PACKAGE): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}

# From the bottom up. A room, a folder or a file, imports from rooms below it only; so do the files of a folder.
FLOORS = {
    "": [
        {"plain"},
        {"averaging", "encode", "explanation", "interruptions", "problems", "typing"},
        {"options", "probes", "store"},
        {"render", "model"},
        {"methods", "player", "shortcuts", "trust"},
        {"report", "tab", "trainings"},
        {"explain", "log", "training"},
        {"callback"},
        {"command"},
        {"__init__", "__main__"},
    ],
    "command": [
        {"checkpoints", "saved_model"},
        {"look"},
        {"watch"},
        {"command"},
        {"__init__"},
    ],
    "probes": [
        {"images", "label_table"},
        {"from_dataset", "from_directory", "labels", "regions"},
        {"probes"},
        {"__init__"},
    ],
    "model": [
        {"replaced"},
        {"hearing", "own_training"},
        {"arrangement", "backends", "batches", "canvases", "head", "windows"},
        {"incremental", "inputs", "layout"},
        {"memory", "passes", "value_range"},
        {"attention", "feature_maps", "guided", "under_masks"},
        {"gradients"},
        {"inside"},
        {"live_model"},
        {"__init__"},
    ],
    "model.head": [
        {"head", "logits", "pick", "scores"},
        {"find_head"},
        {"reader"},
        {"targets"},
        {"__init__"},
    ],
    "trust": [
        {"orders", "redrawn"},
        {"trust"},
        {"__init__"},
    ],
    "store": [
        {"writing"},
        {"reading"},
        {"run"},
        {"__init__"},
    ],
    "player": [
        {"answers", "assets"},
        {"page"},
        {"__init__"},
    ],
    "report": [
        {"page", "pairs", "record", "save", "table"},
        {"comparison", "overview"},
        {"report"},
        {"__init__"},
    ],
    "log": [
        {"events", "runs", "tags", "worker"},
        {"cards", "event_log", "numbers", "scalars"},
        {"recorder"},
        {"__init__"},
    ],
}


def module_of(path: pathlib.Path) -> str:
    """`methods/base.py` -> `methods.base`; `methods/__init__.py` -> `methods`; the package's own is `__init__`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def room_of(module: str, folder: str = "") -> str | None:
    """The room of `folder` in which a module is, the folder's own `__init__` too; `None` outside of the folder."""
    if module == folder:
        return "__init__"
    within = f"{module}.".startswith(f"{folder}.") if folder else True
    return module.removeprefix(f"{folder}.").partition(".")[0] if within else None


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


def arrows() -> list[tuple[str, str]]:
    return [(module_of(path), imported) for path, tree in TREES.items() for imported in imports_within(tree)]


@pytest.mark.parametrize("folder", FLOORS)
def test_every_file_is_in_a_room(folder):
    rooms = {room_of(module_of(path), folder) for path in TREES} - {None}
    assert rooms == set().union(*FLOORS[folder]), "Say in FLOORS, and in docs/design.md, where a new file belongs."


@pytest.mark.parametrize("folder", FLOORS)
def test_nothing_imports_upward_or_sideways(folder):
    floor = {room: number for number, rooms in enumerate(FLOORS[folder]) for room in rooms}
    for module, imported in arrows():
        one, other = room_of(module, folder), room_of(imported, folder)
        if one is not None and other is not None and one != other:
            assert floor[other] < floor[one], f"{module} imports {imported}, which is not below it"


def test_a_folder_is_entered_by_its_door():
    """From outside of a folder only what its `__init__` hands on is taken; each method is a file of its own, though."""
    folders = {module_of(path) for path in TREES if path.name == "__init__.py"} - {"__init__"}
    for module, imported in arrows():
        for folder in folders:
            inside = f"{module}.".startswith(f"{folder}.") or (module == "__init__" and folder == "methods")
            assert inside or not imported.startswith(f"{folder}."), (
                f"{module} imports {imported}: take it from {folder}"
            )


def test_no_circle():
    graph = {module_of(path): imports_within(tree) for path, tree in TREES.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises a CycleError that shows the circle


def test_only_the_doors_to_the_outside_are_imported_by_nobody():
    doors = {"__init__", "__main__", "tab"}  # the last is TensorBoard's
    assert set().union(*FLOORS[""]) - {room_of(imported) for _, imported in arrows()} == doors


def test_numbers_are_read_and_shown_without_keras():
    """In TensorBoard's own process, where Keras may have no backend; and by people who only read."""
    keras_free = {"averaging", "encode", "explanation", "plain", "player", "render", "store", "tab", "trainings"}
    for path, tree in TREES.items():
        if room_of(module_of(path)) in keras_free:
            assert {room_of(module) for module in imports_within(tree)} <= keras_free | {"__init__"}, path
            assert "keras" not in imports_from_outside(tree), path


def test_each_framework_is_imported_by_its_backend_alone():
    for path, tree in TREES.items():
        frameworks = imports_from_outside(tree) & {"tensorflow", "jax", "torch"}
        own = {path.stem} if path.parent.name == "backends" else set()
        assert frameworks <= own, f"{path} imports {frameworks}"


def test_only_passes_and_backends_call_the_model():
    callers = {path.as_posix() for path, tree in TREES.items() if calls_the_model(tree)}
    assert callers, "The test no longer finds any caller."
    assert {caller for caller in callers if not caller.startswith("model/backends/")} == {"model/passes.py"}


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
    users = {module for module, imported in arrows() if room_of(imported, "model") == "backends"}
    assert {user for user in users if room_of(user, "model") != "backends"} == {
        *("model.live_model", "model.passes", "model.incremental.ask", "model.incremental.routes")
    }


def test_who_writes_to_the_disk_and_who_reads():
    disk = {
        *("open", "makedirs", "mkdir", "mkstemp", "remove", "unlink", "rename", "rmtree", "GFile"),
        *("read_text", "write_text", "read_bytes", "write_bytes", "fromfile", "tofile", "memmap"),
        *("savez", "savez_compressed", "listdir"),
    }
    touching = {path.as_posix(): used_names(tree) & disk for path, tree in TREES.items()}
    assert {path for path, names in touching.items() if names} == {
        "command/look.py",
        "log/event_log.py",
        "log/runs.py",
        "model/memory.py",
        "probes/images.py",
        "probes/label_table.py",
        "report/save.py",
        "player/assets.py",
        "store/reading.py",
        "store/writing.py",
        "trainings.py",
    }
    assert touching["command/look.py"] == {"open", "mkdir"}  # of a file of class names; of where a user wants a file
    assert touching["player/assets.py"] == {"read_bytes"}  # of the player's own files
    assert touching["store/reading.py"] == {"listdir"}
    assert touching["trainings.py"] == {"mkdir", "write_bytes"}  # of a page, where a user says so
    assert touching["model/memory.py"] == {"read_text"}  # of what Linux says about memory
    assert touching["probes/images.py"] == {"open"}  # PIL.Image.open
    assert touching["probes/label_table.py"] == {"open"}  # of a CSV file


def test_no_file_is_loaded_that_could_run_code():
    """No pickle, and models in Keras' safe mode; a SavedModel is a program, which the README says."""
    safe = {"load": ("allow_pickle", False), "load_model": ("safe_mode", True)}
    for path, tree in TREES.items():
        assert not imports_from_outside(tree) & {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}, path
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            called = ast.unparse(call.func)
            assert called not in {"eval", "exec", "compile", "__import__"}, path
            if called in {"np.load", "keras.saving.load_model", "keras.models.load_model"}:
                name, value = safe[called.rpartition(".")[2]]
                given = [ast.literal_eval(word.value) for word in call.keywords if word.arg == name]
                assert given == [value], f"{path}:{call.lineno}"


def test_who_knows_tensorboard():
    """The log its files, the store its file systems, the tab its plugins."""
    assert {path.as_posix() for path, tree in TREES.items() if "tensorboard" in imports_from_outside(tree)} == {
        *("log/event_log.py", "log/events.py", "log/runs.py"),
        *("store/reading.py", "store/writing.py", "tab.py"),
    }


def test_render_knows_arrays_and_scales_only():
    for path, tree in TREES.items():
        if path.parent.name == "render":
            assert {room_of(module) for module in imports_within(tree)} <= {"render", "explanation"}, path
            third_party = imports_from_outside(tree) - sys.stdlib_module_names
            assert third_party <= {"numpy", "PIL", "cmap"}, path


def test_methods_neither_draw_nor_write():
    for path, tree in TREES.items():
        if path.parent.name == "methods":
            assert not {room_of(module) for module in imports_within(tree)} & {"render", "log"}, path
            assert not imports_from_outside(tree) & {"PIL", "tensorboard", "keras"}, path


def test_shortcuts_know_the_model_its_scores_probes_maps_and_how_to_hide_only():
    for path, tree in TREES.items():
        if path.parent.name == "shortcuts":
            assert {room_of(module) for module in imports_within(tree)} <= {
                *("shortcuts", "model", "probes", "options", "explanation", "plain")
            }, path
            assert imports_from_outside(tree) - sys.stdlib_module_names <= {"numpy"}, path


def test_the_callback_has_no_numbers_or_pixels():
    assert not imports_from_outside(TREES[pathlib.Path("callback.py")]) & {"numpy", "PIL", "cmap", "tensorboard"}
