import pytest

# The steps of the stories say what they found like tests do.
pytest.register_assert_rewrite(
    "tests.e2e.what_organisers_do",
    "tests.e2e.what_participants_do",
    "tests.e2e.what_greek_organisers_do",
    "tests.e2e.what_greek_participants_do",
    "tests.e2e.greek_story",
    "tests.e2e.people",
    "tests.e2e.post",
)
