"""What the verdicts must be."""

NEVER = {
    'ambiguous': 'forwarded bytes that two parsers can read differently',
    'host-ambiguous': 'forwarded a host that two parsers can read differently',
    'poisoned': 'an innocent request got somebody else\'s answer',
    'hidden-truncation': 'a cut message passed as whole',
    'altered': 'a valid message was changed on its way',
    'weak': 'forwarded something that is not clean',
    'weak+rejected': 'forwarded something that is not clean',
    'crash': 'the proxy ended',
    'refused': 'the proxy takes no connections',
    'answered-locally': 'the proxy answered what it should have forwarded or refused',
}

# Plainly valid messages: a proxy that refuses one of these is broken, not strict.
# A 204 passes whatever its fields say: it ends at its empty line (RFC 9112 section 6.3), what they speak of is dropped,
# and its connection serves no other client, so that what follows is no client's answer.
MUST_PASS = set('''
    chunk/ext chunk/ext-quoted chunk/many-1byte chunk/size-upper chunk/size-zeros chunk/trailer chunk/trailer-cl
    chunk/trailer-host chunk/trailer-te cl/get-body cl/post-none cl/value-07 cl/value-08 field/100 field/16k
    field/line-23 field/line-26 field/line-27 field/line-28 field/line-29 field/line-30 field/line-31 field/line-32
    field/name-8k hop/connection-x hop/expect hop/expect-get hop/h2c hop/keep-alive-field hop/proxy-auth
    hop/proxy-header hop/ws-bad host/missing-10 host/value-20 host/value-21 host/value-22 host/value-23
    method/lowercase method/trace pipe/chunked-get pipe/close-then-more pipe/extra-crlf pipe/http10-more pipe/post-get
    pipe/ten pipe/two startline/leading-crlf target/8k target/absolute target/double-slash target/enc-slash te/plain
    te/upper target/absolute-https version/HTTP_1.2 version/HTTP_1.9 valid/get valid/method-BREW valid/method-DELETE valid/method-HEAD valid/method-M-SEARCH
    valid/method-OPTIONS valid/method-PATCH valid/method-POST valid/method-PROPFIND valid/method-PUT
    valid/method-QUERY valid/options-star version/HTTP_1.0
    more/body-in-pieces more/chunk-of-16-digits-less-one more/cookie-two-lines more/dots-inside-names
    more/empty-query more/expect-chunked more/get-chunked more/head-then-get more/host-v6 more/keep-alive-10
    more/pipelined-posts more/upgrade-chunked hop/upgrade-body more/query-with-url more/upper-method-names more/value-obs-text
    response/100 response/102x5 response/103 response/199 response/205 response/304-cl response/body-1m
    response/chunked response/chunked-trailer response/chunks-1 response/field-17 response/field-18 response/field-20
    response/head-cl response/head-te response/http10 response/noreason response/ok response/reason-8bit response/te-7
    response/more-chunk-extension response/more-empty-chunked response/more-empty-length response/more-500
    response/more-set-cookie-and-link response/more-204 response/more-cl-in-204 response/more-head-chunked response/more-10-keep-alive
    response/http12 response/600 response/999
'''.split())
# Only the mode in which the endpoint closes can end a body that has no length.
MUST_PASS_WHEN_CLOSED = {'response/close', 'response/more-10-close'}

# Valid requests whose second half is not: the first must get through, the second must not.
MUST_SPLIT = {'pipe/good-bad', 'more/good-then-smuggled'}

# Messages that must not get through in any form, beyond what NEVER says of every case.
MUST_REFUSE = set('''
    cl/dup-diff cl/dup-same te/cl-te te/te-cl more/cl-te-pipelined more/te-cl-pipelined more/te-tab-chunked
    more/te-chunked-space-comma more/cl-signed-zero more/chunk-size-space more/chunk-negative more/name-with-nul
    more/two-hosts-one-empty more/absolute-no-host more/obs-fold-te more/cr-in-request-line more/trailer-fold
    more/expect-twice more/connect-body more/host-userinfo more/lf-after-chunk
    response/cl-dup-diff response/cl-dup-same response/cl-te response/more-te-te
    response/more-fold response/more-101-unasked response/more-10-te
'''.split())
REFUSALS = ('rejected', 'bad-gateway', 'closed', 'aborted')


def failures(verdicts, complete):
    out = [f'{verdict}: {NEVER[verdict.word]}' for verdict in verdicts if verdict.word in NEVER]
    for verdict in verdicts:
        closed = verdict.detail.startswith('close')
        if verdict.id in MUST_PASS or verdict.must == 'pass' or (closed and verdict.id in MUST_PASS_WHEN_CLOSED):
            if verdict.word != 'normalised':
                out.append(f'{verdict}: it is valid and must get through')
        if verdict.id in MUST_SPLIT and verdict.word != 'normalised+rejected':
            out.append(f'{verdict}: the first message is valid, the second is not')
        if (verdict.id in MUST_REFUSE or verdict.must == 'refuse') and verdict.word not in REFUSALS:
            out.append(f'{verdict}: it must be refused')
    if complete:
        known = {verdict.id for verdict in verdicts}
        unknown = (MUST_PASS | MUST_PASS_WHEN_CLOSED | MUST_SPLIT | MUST_REFUSE) - known
        out += [f'no case is called {name}' for name in sorted(unknown)]
    return out
