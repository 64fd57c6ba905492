from source_tree import CODE, EVERYTHING, functions, line_count, source_files

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 400
LONG_SHARE_MAX = 0.01
LONG_FILE_SHARE_MAX = 0.03


def test_at_most_one_function_in_a_hundred_is_longer_than_60_lines():
    sizes = {f"{file.name}:{node.name}": line_count(node) for file in source_files(*CODE) for node in functions(file)}
    long = {name: lines for name, lines in sizes.items() if lines > FUNCTION_LINES_MAX}
    assert len(long) <= len(sizes) * LONG_SHARE_MAX, long


def test_at_most_three_files_in_a_hundred_are_longer_than_400_lines():
    sizes = {file.name: file.text.count("\n") for file in source_files(*EVERYTHING)}
    long = {name: lines for name, lines in sizes.items() if lines > FILE_LINES_MAX}
    assert len(long) <= len(sizes) * LONG_FILE_SHARE_MAX, long
