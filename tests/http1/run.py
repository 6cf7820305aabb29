#!/usr/bin/env python3
"""Every case of the corpora through the proxy: run.py --proxy PROGRAM [--only REGEX] [-v]

Several lanes run at once, each with a proxy process and an endpoint of its own: most of a case's time is waiting, and a
lane's cases must not meet on one kept connection.
Fails when a verdict is never allowed, or when a case that is plainly valid does not get through (expectations.py).
"""
import argparse
import asyncio
import collections
import re
import sys

import corpus
import expectations
import judge_requests
import judge_responses
from proxy_process import ProxyProcess

LANES = 16


async def run_lane(program, requests, responses, all_responses):
    verdicts = []
    if requests:
        endpoint = await judge_requests.new_endpoint()
        async with ProxyProcess(program, endpoint.port) as proxy:
            verdicts += await judge_requests.run(proxy, endpoint, requests)
        endpoint.stop()
    if responses:
        endpoint = judge_responses.ScriptedEndpoint(all_responses)
        await endpoint.start()
        async with ProxyProcess(program, endpoint.port) as proxy:
            verdicts += await judge_responses.run(proxy, endpoint, responses)
        endpoint.stop()
    return verdicts


async def run_all(program, only):
    requests, responses = corpus.load('requests'), corpus.load('responses')
    wanted_requests = [(n, case) for n, case in enumerate(requests) if re.search(only, case.id)]
    wanted_responses = [(n, case) for n, case in enumerate(responses) if re.search(only, case.id)]
    lanes = [run_lane(program, wanted_requests[lane::LANES], wanted_responses[lane::LANES], responses)
             for lane in range(LANES)]
    return [verdict for verdicts in await asyncio.gather(*lanes) for verdict in verdicts]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument('--proxy', required=True, help='program that takes a configuration and prints its ports')
    arguments.add_argument('--only', default='', help='run the cases whose id matches')
    arguments.add_argument('-v', '--verbose', action='store_true', help='print every verdict')
    chosen = arguments.parse_args()
    verdicts = asyncio.run(run_all(chosen.proxy, chosen.only))
    failures = expectations.failures(verdicts, complete=not chosen.only)
    if chosen.verbose:
        for verdict in sorted(verdicts, key=lambda v: v.id):
            print(verdict)
    print(', '.join(f'{word}: {count}' for word, count in
                    sorted(collections.Counter(verdict.word for verdict in verdicts).items())))
    for failure in failures:
        print('FAILED', failure)
    return 1 if failures or not verdicts else 0


if __name__ == '__main__':
    sys.exit(main())
