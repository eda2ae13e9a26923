# SPDX-License-Identifier: GPL-2.0-or-later
"""Daemons that refuse, lie, die or are not there; outputs that cannot be written."""
import json
import os
import signal

from fake import Daemon, STICK, T4, error, event, reply, whole_daemon
from place import PATIENCE, SANITIZE, VALGRIND, case, holds, same, until


@case
def error_replies_have_their_exit_status(place):
    names = {}
    place.serve(lambda call: error(names['now'], message='it said \x1b so'))
    for status, errors in {1: 'StaleGeneration PrepareFailed StorageFailed New', 3: 'NoSuchDevice '
                           'NoSuchGroup NoSuchInstance', 4: 'NoDeviceAvailable Busy', 5: 'NotPermitted',
                           7: 'Timeout', 8: 'InvalidRules'}.items():
        for name in errors.split():
            names['now'] = 'org.hostdevd.' + name
            same(place.fails(status, 'status', says='it said \ufffd so').stdout, '')
    names['now'] = 'org.varlink.service.PermissionDenied'
    place.fails(5, 'status')
    names['now'] = 'org.varlink.service.InvalidParameter'
    place.fails(2, 'claim', 't4', '--vm', 'x' * 200)
    names['now'] = 'org.hostdevd.HistoryLost'
    place.fails(1, 'watch', '--since', 'e0:4', says='--snapshot')


@case
def error_without_message_shows_name_and_parameters(place):
    place.serve(error('org.varlink.service.InvalidParameter', parameter='device'))
    place.fails(2, 'status', says='org.varlink.service.InvalidParameter {"parameter":"device"}')


@case
def invalid_rules_are_listed_with_their_places(place):
    place.serve(error('org.hostdevd.InvalidRules', message='2 errors, nothing changed', errors=[
        {'file': 'a.conf', 'line': 3, 'message': 'no field spede', 'hint': 'speed'},
        {'file': 'b.conf', 'line': 1, 'message': 'torn'},
        {'file': '/rules.d', 'line': 0, 'message': 'no such folder'}]))
    result = place.fails(8, 'reload', says='2 errors, nothing changed')
    holds('\na.conf:3: no field spede; speed\nb.conf:1: torn\n/rules.d: no such folder\n' in result.stderr, result.stderr)
    same(result.stdout, '')


@case
def no_daemon_exits_6_and_says_how_to_start_it(place):
    result = place.fails(6, 'status', says='systemctl start hostdevd')
    holds(f'hostdevd --socket {place.socket}' in result.stderr, result.stderr)
    place.serve().close()
    place.fails(6, 'status', says='refused')
    place.fails(6, 'status', '--socket', '/' + 'x' * 200,
                says='the path has 201 bytes, and a socket\'s has 107 at most')
    place.fails(6, 'watch', '--socket', place.path + '/none')
    place.fails(6, 'status', '--socket', '')
    result = place.run('status', env={**place.environment, 'HOSTDEVD_SOCKET': ''})
    holds('/run/hostdevd/hostdevd.sock' in result.stderr or result.returncode == 0, result.stderr)


@case
def no_right_exits_5_and_names_the_group(place):
    if os.geteuid() != 0:
        return
    place.serve()
    os.chmod(place.socket, 0o660)
    os.chown(place.socket, 0, 1)
    nobody = {'user': 65534, 'group': 65534, 'extra_groups': []}
    place.fails(5, 'status', says='belongs to the group daemon', **nobody)
    place.fails(5, 'watch', says='usermod --append --groups daemon', **nobody)
    os.chmod(place.socket, 0o600)
    place.fails(5, 'status', says='become root', **nobody)
    os.mkdir(place.path + '/run', 0o750)
    os.chown(place.path + '/run', 0, 2)
    Daemon(place.path + '/run/s')
    place.fails(5, 'status', '--socket', place.path + '/run/s', says='the group bin', **nobody)


@case
def protocol_violations_are_named(place):
    deep = b'[' * 65 + b']' * 65
    wrong = {
        b'{"parameters":{},"reply":1}': 'beside parameters',
        b'{"parameters":[]}': 'parameters is no object',
        b'{"parameters":null}': 'parameters is no object',
        b'{"parameters":{},"continues":1}': 'continues is no boolean',
        b'{"parameters":{},"continues":true}': 'continues for a call without more',
        b'{"parameters":{},"error":5}': 'error is no name',
        b'{"parameters":{},"error":"Busy"}': 'error is no name',
        b'{"parameters":{},"parameters":{}}': 'duplicate',
        b'{"parameters":{"a":1,"a":2}}': 'duplicate',
        b'{"parameters":{"a":' + deep + b'}}': 'deeper than 64',
        b'[' * 100000: 'deeper than 64',
        b'{"parameters":{}': 'invalid JSON',
        b'{"parameters":{}}x': 'invalid JSON',
        b'{"parameters":{"a":"\xff"}}': 'invalid JSON',
        b'{"parameters":{"a":"\\u0000"}}': 'invalid JSON',
        b'{"parameters":{"a":1e999}}': 'invalid JSON',
        b'': 'invalid JSON', b'[]': 'no object', b'"x"': 'no object', b'5': 'no object',
    }
    now = {}
    place.serve(lambda call: now['text'] + b'\0')
    for now['text'], says in wrong.items():
        place.fails(1, 'status', says=says)
    now['text'] = b'{"error":"org.hostdevd.Busy","parameters":{},"continues":true}'
    place.fails(1, 'watch', says='an error that continues')
    now['text'] = b'{"parameters":{"event":5},"continues":true}'
    place.fails(1, 'watch', '-j', says='without an event')
    now['text'] = b'{"parameters":{},"continues":true}'
    place.fails(1, 'watch', says='without an event')
    place.fails(7, 'wait', 'usb1', '--timeout', '.1')
    place.fails(7, 'wait', '--group', 't4', '--timeout', '.1')
    now['text'] = b'{"parameters":{"status":{"brackets":"' + b'[' * 500 + b'\\"{"}}}'
    place.ok('status')
    now['text'] = b'{}'
    same(place.ok('-j', 'status'), '{}\n')


@case
def replies_come_in_any_pieces(place):
    whole = whole_daemon({'method': 'org.hostdevd.ListDevices'})
    place.serve(lambda call: (whole[i:i + 1] for i in range(len(whole))))
    same(json.loads(place.ok('-j', 'devices'))['devices'], [T4, STICK])


@case
def ten_thousand_devices(place):
    devices = [{**T4, 'id': f'pci:{i:04x}:01:00.0', 'name': 'x' * 500} for i in range(10000)]
    place.serve(reply(seq=1, epoch='e', devices=devices))
    same(json.loads(place.ok('-j', 'devices'))['devices'], devices)
    same(place.ok('devices').count('\n'), 10000)


@case
def reply_without_end_is_given_up(place):
    if SANITIZE or VALGRIND:
        return  # they need several times the 256 MiB
    place.serve(lambda call: (b' ' * 2**20 for _ in range(300)))
    place.fails(1, 'status', says='Message too long')


@case
def daemon_that_dies_exits_6(place):
    now = {}
    place.serve(lambda call: now['pieces'])
    for now['pieces'] in ([None], [b'{"parameters":{', None], [b'x' * 300000, None]):
        same(place.fails(6, 'status', says='closed the connection before any reply').stdout, '')
    for command in (['watch'], ['wait', 'usb1'], ['claim', 't4', '--vm', 'v']):
        now['pieces'] = [None]
        place.fails(6, *command, says='too many connections are open (`limits` in hostdevd.conf)')
    now['pieces'] = [event('ready', epoch='e1'), event('resync')[:20], None]
    same(place.fails(6, 'watch', says='s went away').stdout, '22:13:20 ready e1:1\n')
    now['pieces'] = [event('ready', epoch='e1', more=False)]
    place.fails(6, 'watch', says='s went away')


@case
def stdout_that_cannot_be_written_exits_1(place):
    place.serve()
    with open('/dev/full', 'wb') as full:
        place.fails(1, 'devices', stdout=full, says='cannot write to standard output: No space')
        place.fails(1, '--help', stdout=full, says='No space')
        place.fails(1, '-j', 'rules', stdout=full, says='No space')
    place.daemon.close()
    os.unlink(place.socket)
    place.serve([event('ready', epoch='e1'), 30])
    with open('/dev/full', 'wb') as full:
        result = place.fails(1, 'watch', stdout=full, says='No space')
        same(result.stderr.count('\n'), 1)


@case
def closed_standard_descriptors_are_not_the_socket(place):
    ready = event('ready', epoch='e1')
    refusal = error('org.hostdevd.NoSuchDevice', message='none')
    place.serve(lambda call: [ready, 30] if call['method'].endswith('Watch') else refusal)
    for closed, status, *arguments in (([1], 1, 'watch'), ([0, 1], 1, 'watch', '--json'),
                                       ([2], 3, 'devices', 'usb1'), ([0, 1, 2], 3, 'devices', 'usb1')):
        place.daemon.gone.clear()
        result = place.run(*arguments, stdout=None, stdin=None,
                           preexec_fn=lambda: list(map(os.close, closed)))
        same(result.returncode, status, result.stderr)
        if 2 not in closed:
            holds('cannot write to standard output: Bad file descriptor' in result.stderr, result.stderr)
        until(place.daemon.gone.is_set, 'the connection closed')
        same(place.daemon.rest, b'')


@case
def reader_that_goes_ends_it_quietly(place):
    devices = [{**T4, 'name': 'x' * 500}] * 1000
    place.serve(reply(devices=devices))
    for ignored in (False, True):
        process = place.start('devices', preexec_fn=lambda: signal.signal(
            signal.SIGPIPE, signal.SIG_IGN if ignored else signal.SIG_DFL))
        process.stdout.readline()
        process.stdout.close()
        same(process.stderr.read(), '')
        same(process.wait(PATIENCE), -signal.SIGPIPE)
