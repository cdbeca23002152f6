"""Import of a lab's schedule from a file, with a diff before anything is changed.

Every format is parsed to one plain document (`document`), which is compared with what is stored (`comparing`) and
applied by the verbs that the console uses (`applying`). `imports` has the steps that an organiser takes.
`docs/import.md` describes the formats for people.
"""
