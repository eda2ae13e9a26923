# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands watch and wait."""
import json
import os
import signal
import time

from fake import STICK, T4, event, whole_daemon
from place import PATIENCE, VALGRIND, case, holds, same, until


# ---- watch ----

LIVE = [
    event('device.added', 5, device=T4),
    event('group.joined', 5, device={'id': T4['id'], 'state': 'available'}, group='t4', rule='t4-node0'),
    event('ready', 5, epoch='e1'),
    event('device.changed', 6, device={**T4, 'state': 'blocked', 'reasons': ['in-use']},
          changed=['state', 'reasons', 'pci.driver', 'error']),
    event('instance.created', 7,
          instance={'id': 'i-1', 'device': T4['id'], 'tenant': 'blue', 'vm': 'a', 'state': 'preparing'}),
    event('group.left', 8, device={'id': T4['id'], 'state': 'available'}, group='t4'),
    event('device.removed', 9, device={'id': T4['id'], 'state': 'available'}),
    event('rules.reloaded', 10),
    event('thing.unheard', 11, device={'id': 'x:\x1b1', 'state': 'odd'}),
]


@case
def watch_prints_a_line_for_each_event(place):
    place.serve([b''.join(LIVE), None])
    result = place.run('watch', '--snapshot')
    same(result.returncode, 6)
    same(result.stdout, '''\
22:13:20 device.added pci:0000:01:00.0 available t4 NVIDIA Corporation TU104GL [Tesla T4]
22:13:20 group.joined pci:0000:01:00.0 available t4 rule t4-node0
22:13:20 ready e1:5
22:13:20 device.changed pci:0000:01:00.0 blocked state="blocked" reasons="in-use" pci.driver="nvidia" error=""
22:13:20 instance.created i-1 pci:0000:01:00.0 tenant blue vm a preparing
22:13:20 group.left pci:0000:01:00.0 available t4
22:13:20 device.removed pci:0000:01:00.0 available
22:13:20 rules.reloaded
22:13:20 thing.unheard x:\ufffd1 odd
''')
    same(place.daemon.calls, [{'method': 'org.hostdevd.Watch', 'parameters': {'snapshot': True},
                               'more': True}])


@case
def watch_json_is_one_event_a_line(place):
    place.serve([*LIVE, None])
    result = place.run('watch', '-j')
    want = [json.loads(message[:-1])['parameters']['event'] for message in LIVE]
    same([json.loads(line) for line in result.stdout.splitlines()], want)
    same(place.daemon.calls[0]['parameters'], {})


@case
def watch_flushes_each_event_and_ends_on_interrupt(place):
    place.serve([LIVE[0], 3600])
    for arguments in (['watch'], ['watch', '--json']):
        process = place.start(*arguments)
        holds('device.added' in process.stdout.readline(), 'the line, while watch goes on')
        process.send_signal(signal.SIGINT)
        same(process.wait(PATIENCE), -signal.SIGINT)
        same(process.stderr.read(), '')


@case
def watch_ends_with_its_reader_though_nothing_happens(place):
    place.serve([LIVE[0], LIVE[2], 3600])
    for arguments in (['watch'], ['watch', '--json']):
        process = place.start(*arguments)
        process.stdout.readline()
        process.stdout.readline()
        process.stdout.close()
        same(process.wait(PATIENCE), -signal.SIGPIPE)
        same(process.stderr.read(), '')
    process = place.start('watch', '--exec', '/bin/true')
    process.stdout.close()
    time.sleep(0.2)
    same(process.poll(), None)
    process.kill()
    process.wait(PATIENCE)


@case
def watch_since_passes_epoch_and_number(place):
    place.serve([LIVE[2], None])
    place.run('watch', '--since', 'boot:7f:42', '--snapshot')
    same(place.daemon.calls[0]['parameters'], {'snapshot': True, 'epoch': 'boot:7f', 'since': 42})


@case
def watch_exec_runs_the_program_once_for_each_event(place):
    log = place.path + '/log'
    program = place.write('hook $(x)', '#!/bin/sh\nprintf "(" >>"$0.log"; sleep 0.02; cat >>"$0.log"\n'
                          'printf ")\\n" >>"$0.log"\n', 0o755)
    place.serve([b''.join(LIVE), None])
    result = place.run('watch', '--exec', program)
    same((result.returncode, result.stdout, result.stderr.count('\n')), (6, '', 1))
    lines = place.read('hook $(x).log').splitlines()
    holds(all(line[0] == '(' and line[-1] == ')' for line in lines), lines)
    same([json.loads(line[1:-1]) for line in lines],
         [json.loads(message[:-1])['parameters']['event'] for message in LIVE])
    holds(not os.path.exists(log), 'no shell')


@case
def watch_exec_survives_bad_programs(place):
    huge = event('device.added', 1, device={**T4, 'name': 'n' * 300000})
    place.serve([huge, huge, None])
    deaf = place.write('deaf', '#!/bin/sh\nexec <&-\nexit 3\n', 0o755)
    result = place.run('watch', '--exec', deaf)
    same(result.returncode, 6, result.stderr)
    same(result.stderr.count('deaf for device.added: exit status 3\n'), 2)
    if not VALGRIND:  # under which posix_spawn() cannot tell
        result = place.run('watch', '--exec', place.path + '/none')
        same(result.stderr.count('none for device.added: No such file or directory\n'), 2)
    dies = place.write('dies', '#!/bin/sh\ncat >/dev/null\nkill -TERM $$\n', 0o755)
    result = place.run('watch', '--exec', dies)
    same(result.stderr.count('killed by signal 15 (Terminated)\n'), 2)
    tells = place.write('tells', '#!/bin/sh\ncat >/dev/null\ngrep SigIgn /proc/self/status\n', 0o755)
    result = place.run('watch', '--exec', tells)
    same(result.stdout.count('SigIgn'), 2)
    holds(all(int(line.split()[1], 16) & 1 << (signal.SIGPIPE - 1) == 0
              for line in result.stdout.splitlines()), result.stdout)


# ---- wait ----

@case
def wait_ends_when_the_device_is_there(place):
    late = [LIVE[2], 0.1, event('device.added', 6, device=STICK), 3600]
    place.serve(late)
    same(place.ok('wait', '1-2.1', '--timeout', str(PATIENCE)), 'usb:1-2.1\n')
    same(place.daemon.calls[0]['parameters'], {'snapshot': True})
    same(json.loads(place.ok('wait', 'usb_1_2_1', '-j'))['event']['device'], STICK)
    until(place.daemon.gone.is_set, 'the connection closed')


@case
def wait_for_a_device_is_not_fooled_by_its_removal(place):
    place.serve([event('device.removed', 3, device={'id': 'usb:1-2.1', 'state': 'available'}),
                 event('device.added', 4, device=T4), 3600])
    place.fails(7, 'wait', '1-2.1', '--timeout', '0.2', says='usb:1-2.1 did not appear within 0.2 s')


@case
def wait_for_a_group_needs_an_available_device(place):
    blocked, claimed = {**T4, 'state': 'blocked'}, {**T4, 'state': 'claimed'}
    other = {**T4, 'group': 'other'}
    before = [event('device.added', 1, device=blocked), event('device.changed', 1, device=claimed),
              event('device.added', 1, device=other),
              event('group.joined', 1, device={'id': T4['id'], 'state': 'blocked'}, group='t4'),
              event('group.joined', 1, device={'id': T4['id'], 'state': 'available'}, group='other'),
              event('group.left', 1, device={'id': T4['id'], 'state': 'available'}, group='t4'),
              event('ready', 1, epoch='e')]
    now = {}
    place.serve(lambda call: now['pieces'] if call['method'].endswith('Watch') else whole_daemon(call))
    now['pieces'] = [*before, 3600]
    late = place.fails(7, 'wait', '--group', 't4', '--timeout', '.2',
                       says='no device of group t4 became available within .2 s')
    holds('no group' not in late.stderr, late.stderr)
    same(place.daemon.calls[0]['parameters'], {'snapshot': True, 'groups': ['t4']})
    place.fails(7, 'wait', '--group', 'typo', '--timeout', '.2', says='there is no group typo now')
    for last in (event('device.changed', 2, device=T4, changed=['state']),
                 event('group.joined', 2, device={'id': T4['id'], 'state': 'available'}, group='t4'),
                 event('device.added', 2, device=T4)):
        now['pieces'] = [*before, 0.05, last, 3600]
        same(place.ok('wait', '--group', 't4', '--timeout', str(PATIENCE)), 'pci:0000:01:00.0\n')


@case
def wait_times_out_while_events_flow(place):
    def busy():
        while True:
            yield burst
            yield pause
    place.serve(lambda call: busy())
    for burst, pause in (event('resync'), 0.02), (event('resync') * 50000, 0):
        start = time.monotonic()
        place.fails(7, 'wait', 'usb1', '--timeout', '0.5')
        holds(time.monotonic() - start >= 0.5, 'too early')


@case
def wait_ends_when_the_daemon_does(place):
    place.serve([LIVE[2], None])
    place.fails(6, 'wait', 'usb1', says='went away')
