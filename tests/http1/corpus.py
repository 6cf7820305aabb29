"""The corpora: raw messages that are valid, dubious or hostile, one JSON object per line.

`must` says what has to become of a message where it is not left to expectations.py.
`raw` is the message as text with one character per byte, or a list of such texts and of [text, times] for repetition.
"""
import json
import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'corpus')


class Case:
    def __init__(self, record):
        self.id, self.title, self.method = record['id'], record['title'], record.get('method', 'GET')
        self.must = record.get('must')  # 'pass', 'refuse' or None: whatever is never forbidden will do
        pieces = record['raw'] if isinstance(record['raw'], list) else [record['raw']]
        self.raw = b''.join(
            piece.encode('latin-1') if isinstance(piece, str) else piece[0].encode('latin-1') * piece[1]
            for piece in pieces)


def load(name):
    cases = []
    for entry in sorted(os.listdir(FOLDER)):
        if entry.startswith(name) and entry.endswith('.jsonl'):
            with open(os.path.join(FOLDER, entry), encoding='utf-8') as lines:
                cases += [Case(json.loads(line)) for line in lines if line.strip()]
    assert len({case.id for case in cases}) == len(cases), 'two cases have the same id'
    return cases
