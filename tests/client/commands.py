# SPDX-License-Identifier: GPL-2.0-or-later
"""Usage, and every command that asks once."""
import json
import os
import re

from fake import GROUPS, RULES, STATUS, STICK, T4, VERDICTS, reply
from place import case, holds, same


# ---- usage ----

@case
def help_names_every_command(place):
    text = place.ok('--help')
    for command in ('status devices groups rules fields instances explain watch wait claim '
                    'assign unassign bind release check reload accept-loss help').split():
        holds(re.search(rf'^  {command} ', text, re.M), command)
        for form in (('help', command), (command, '--help'), ('-h', command)):
            holds(f'Usage: hostdevctl {command}' in place.ok(*form), form)
    same(place.ok('help'), text)
    holds('--since EPOCH:SEQ' in place.ok('help', 'watch'), 'options of watch')


@case
def version_is_printed(place):
    holds(re.fullmatch(r'hostdevctl \d+\.\d+\.\d+\n', place.ok('--version')), 'version')


@case
def usage_errors_exit_2_and_name_the_nearest(place):
    place.fails(2, says='which command')
    place.fails(2, 'devcies', says='nearest is devices')
    place.fails(2, 'help', 'wacth', says='nearest is watch')
    place.fails(2, 'watch', '--snapshoot', says='nearest is --snapshot')
    for far in ('list', 'x', 'delete-everything'):
        result = place.fails(2, far, says='`hostdevctl --help` lists them')
        holds('nearest' not in result.stderr, result.stderr)
    place.fails(2, 'watch', '--qqqqqq', says='--qqqqqq for watch; --help lists all')
    place.fails(2, 'wait', '--grop=audio-controllers', says='nearest is --group')
    place.fails(2, '--jsno', 'status', says='nearest is --json')
    place.fails(2, 'status', '--timeout', '3', says='--timeout')
    place.fails(2, 'status', '-x', says='unknown option -x for status')
    place.fails(2, 'status', '--json=yes', says='takes no value')
    place.fails(2, 'status', '--socket', says='--socket needs a value')
    place.fails(2, 'status', 'extra', says='usage: hostdevctl status')
    place.fails(2, 'devices', 'a', 'b', says='usage: hostdevctl devices [ID]')
    place.fails(2, 'explain', says='needs an operand')
    place.fails(2, 'wait', says='either the ID of a device or --group NAME')
    place.fails(2, 'wait', 'usb1', '--group', 't4', says='either the ID')
    for time_ in ('x', '', '-1', 'nan', '1s', '1e300'):
        place.fails(2, 'wait', 'usb1', '--timeout', time_, says='number of seconds')
    for since in ('5', ':5', 'e1:', 'e1:x', 'e1:-4', 'e1:99999999999999999999'):
        place.fails(2, 'watch', '--since', since, says='EPOCH:SEQ')
    place.fails(2, 'devices', b'\xff\xfe', says='not UTF-8')


@case
def options_may_stand_anywhere(place):
    place.serve()
    want = place.ok('devices', 'usb:1-2.1', '--json')
    same(place.ok('-j', 'devices', 'usb:1-2.1'), want)
    same(place.ok('devices', '-j', 'usb:1-2.1'), want)
    same(place.ok('--socket', place.socket, 'devices', '--js', '--', 'usb:1-2.1', env={}), want)
    place.daemon.calls.clear()
    result = place.run('--timeout', '0.1', '--group', 'none', 'wait')
    same(result.returncode, 1, result.stderr)  # the fake has no Watch: but the options were read
    same(place.daemon.calls[-1]['parameters']['groups'], ['none'])


@case
def socket_option_wins_over_environment(place):
    place.serve()
    other = {**place.environment, 'HOSTDEVD_SOCKET': place.path + '/none'}
    place.fails(6, 'status', env=other, says=place.path + '/none')
    place.ok('status', '--socket', place.socket, env=other)


# ---- the commands ----

@case
def status_shows_every_key_nested(place):
    place.serve()
    same(place.ok('status'), '''\
version   0.1.0
seq       17
epoch     e1
started   1700000000000000
monitor   udev
storage   ok
counters
  events  12
  by_kind
    pci  3
latency
  p50_ms  0.1
warnings  -
limits    a, b
future    -
stale     no
subscribers
  1
    uid     0
    behind  2
  2
    uid     7
    behind  0
''')
    same(place.daemon.calls, [{'method': 'org.hostdevd.Status'}])


@case
def times_are_readable_on_a_terminal(place):
    place.serve()
    holds('\nstarted   2023-11-14 22:13:20 UTC\n' in place.terminal('status'), place.terminal('status'))
    text = place.terminal('assign', 'i-12', '--vm', 'v', TZ='EST5')
    holds('2023-11-14 17:13:20 EST\n' in text, text)
    holds('1700000000000000\n' in place.ok('assign', 'i-12', '--vm', 'v'), 'the number in a pipe')


@case
def json_is_the_reply_unchanged(place):
    place.serve()
    for command, parameters in ((['status'], {'status': STATUS}),
                                (['rules'], {'seq': 17, 'epoch': 'e1', 'rules': RULES}),
                                (['groups'], {'seq': 17, 'epoch': 'e1', 'groups': GROUPS}),
                                (['groups', 't4'], {'seq': 17, 'epoch': 'e1', 'devices': [T4]})):
        want = json.dumps(parameters, ensure_ascii=False, separators=(',', ':')) + '\n'
        same(place.ok('-j', *command), want)


@case
def json_keeps_values_and_order(place):
    text = ('{"z":0.1,"a":1e3,"big":9223372036854775807,"m":[1.5,-0.25,3.141592653589793,'
            '0.30000000000000004],"e":{},"l":[],"n":null,"t":true,"u":"\\u0001\u00e9\\"/\\u2028"}')
    place.serve(b'{"parameters":' + text.encode() + b'}\0')
    printed = place.ok('-j', 'status')
    same(printed, '{"z":0.1,"a":1000.0,"big":9223372036854775807,"m":[1.5,-0.25,3.141592653589793,'
         '0.30000000000000004],"e":{},"l":[],"n":null,"t":true,"u":"\\u0001\u00e9\\"/\\u2028"}\n')
    same(json.loads(printed), json.loads(text))
    same(list(json.loads(printed)), list(json.loads(text)))


@case
def json_escapes_what_a_terminal_would_obey(place):
    place.serve()
    text = place.ok('-j', 'devices')
    same(json.loads(text)['devices'], [T4, STICK])
    holds(not re.search('[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]', text), repr(text))


@case
def devices_in_a_pipe_are_plain_columns(place):
    place.serve()
    same(place.ok('devices'),
         'pci:0000:01:00.0\tavailable\tt4\tvfio-pci\tNVIDIA Corporation TU104GL [Tesla T4]\n'
         'usb:1-2.1\tunmatched\t\t\tEvil\ufffd[31m\ufffdStick\ufffd\n')


@case
def devices_on_a_terminal_are_a_table(place):
    place.serve()
    plain = place.terminal('devices', NO_COLOR='1')
    lines = plain.split('\n')
    same(lines[0], 'ID                STATE      GROUP  DRIVER    NAME')
    same(lines[1], 'pci:0000:01:00.0  available  t4     vfio-pci  NVIDIA Corporation TU104GL [Tesla…')
    same(len(lines[1]), 80)
    same(lines[2], 'usb:1-2.1         unmatched  -      -         Evil\ufffd[31m\ufffdStick\ufffd')
    same(place.terminal('devices', TERM='dumb'), plain)
    coloured = place.terminal('devices', NO_COLOR='')
    holds('\033[32mavailable\033[0m' in coloured, repr(coloured))
    same(re.sub('\033\\[[0-9]*m', '', coloured), plain)
    wide = place.terminal('devices', columns=200, NO_COLOR='1').split('\n')[1]
    holds(wide.endswith('[Tesla T4]'), wide)
    narrow = place.terminal('devices', columns=20, NO_COLOR='1').split('\n')[1]
    holds(narrow.endswith('  NVIDIA …'), narrow)


@case
def wide_letters_take_two_columns(place):
    place.serve(reply(devices=[{**T4, 'name': '\u6f22' * 40}]))
    line = place.terminal('devices', NO_COLOR='1').split('\n')[1]
    same(line[:46], 'pci:0000:01:00.0  available  t4     vfio-pci  ')
    same(line[46:], '\u6f22' * 16 + '…')


@case
def one_device_has_every_field(place):
    place.serve()
    same(place.ok('devices', '01:00.0'), '''\
id       pci:0000:01:00.0
kinds    pci
name     NVIDIA Corporation TU104GL [Tesla T4]
state    available
reasons  no-iommu, !host-console
group    t4
rule     t4-node0
bound    vfio-pci
fields
  pci
    slot           0000:01:00.0
    vendor         NVIDIA Corporation
    vendor_device  10de:1eb8
    driver         nvidia
  sriov-nic
    physical_slot  3
''')
    holds('\x1b' not in place.ok('devices', 'usb:1-2.1'), 'escape')
    place.fails(3, 'devices', '02:00.0', says='no device pci:0000:02:00.0')


@case
def every_form_of_an_id_reaches_the_daemon_as_id(place):
    place.serve()
    for form in ('pci:0000:01:00.0', 'PCI:0000:01:00.0', '0000:01:00.0', '01:00.0', 'pci_0000_01_00_0'):
        place.daemon.calls.clear()
        place.ok('explain', form)
        same(place.daemon.calls[0]['parameters'], {'device': 'pci:0000:01:00.0'}, form)
    for form in ('usb:1-2.1', '1-2.1', 'usb_1_2_1'):
        place.ok('devices', form)


@case
def groups_show_counts_and_one_group_its_devices(place):
    place.serve()
    same(place.ok('groups'), 't4\tpci\t1\t1\t0\t0\t0\t0\t2\nempty\tusb\t0\t0\t0\t0\t0\t0\t0\n')
    table = place.terminal('groups', NO_COLOR='1').split('\n')
    same(table[0], 'NAME   KIND  DEVICES  AVAILABLE  CLAIMED  PREPARING  BLOCKED  FAILED  MISSING')
    holds(all(len(line) <= 80 for line in table), table)
    text = place.ok('groups', 't4')
    holds('description  Tesla T4\n' in text and 'missing      2\n' in text, text)
    holds('\n\npci:0000:01:00.0\tavailable\tt4\tvfio-pci\t' + T4['name'] + '\n\ni-1\t' in text, text)
    holds('\n\n' not in place.ok('groups', 'empty'), 'no devices, no table')
    place.fails(3, 'groups', 'nosuch', says='no group nosuch')
    place.fails(3, '-j', 'groups', 'nosuch', says='no group nosuch')


@case
def rules_show_the_disabled_ones(place):
    place.serve()
    same(place.ok('rules'),
         '1\tt4\tt4-node0\tenabled\t1\t("vendor_device", "equal", "10de:1eb8")\n'
         '2\tt4\tlab\tdisabled\t0\t("slot", "begins-with", "0000:41")\n')


@case
def rules_and_fields_are_never_cut(place):
    place.serve()
    same(place.terminal('rules', NO_COLOR='1'), '''\
NUMBER  GROUP  NAME      ENABLED   MATCHES  MATCH
1       t4     t4-node0  enabled   1        ("vendor_device", "equal",
                                            "10de:1eb8")
2       t4     lab       disabled  0        ("slot", "begins-with", "0000:41")
''')
    below = place.terminal('rules', columns=60, NO_COLOR='1')
    same(below, '''\
NUMBER  GROUP  NAME      ENABLED   MATCHES
    MATCH
1       t4     t4-node0  enabled   1
    ("vendor_device", "equal", "10de:1eb8")
2       t4     lab       disabled  0
    ("slot", "begins-with", "0000:41")
''')
    same(re.sub('\033\\[[0-9]*m', '', place.terminal('rules', columns=60, NO_COLOR='')), below)
    holds('("vendor_device"\n    , "equal",\n    "10de' in place.terminal('rules', columns=20, NO_COLOR='1'),
          'a word that is too long')
    place.hostdevd(json.dumps({'fields': [
        {'kind': 'pci', 'name': 'n' * 24, 'type': 't' * 12, 'source': 's' * 30,
         'description': ' '.join(['word'] * 30)}]}))
    text = place.terminal('fields', NO_COLOR='1')
    holds('…' not in text and text.count('word') == 30, text)
    holds(all(len(line) <= 80 for line in text.split('\n')), text)


@case
def explain_shows_conditions_nested(place):
    place.serve()
    same(place.ok('explain', '01:00.0'), '''\
pci:0000:01:00.0 NVIDIA Corporation TU104GL [Tesla T4]
rule 1, deep of group x: does not hold
  no   numa_node less "1" (it is absent)
  yes  any of
       no   driver equal "" (it is "nvidia")
       yes  not of
            no   class equal "Audio" (it is "VGA")
  no   all of
       yes  a equal "1" (it is "1")
       no   b equal "1" (it is "2")
rule 2, lab of group t4 (disabled, decides nothing): holds
  yes  slot begins-with "0000" (it is "0000:01:00.0")
=> in group t4, by rule t4-node0
''')
    same(place.ok('explain', 'usb:1-2.1'), 'usb:1-2.1\n=> in no group: no rule holds\n')
    place.fails(3, 'explain', 'nonsense', says='no device nonsense')
    same(json.loads(place.ok('explain', '01:00.0', '-j'))['verdicts'], VERDICTS)


@case
def reload_shows_moves_and_findings(place):
    place.serve()
    same(place.ok('reload'), 'b.conf:3: warning: never holds; remove it\n'
         'usb:1-2.1: no group -> t4\nusb:1-3: a -> no group\nrules reloaded, devices moved: 2\n')


# ---- check and fields, by hostdevd's own program ----

FIELDS = {'fields': [
    {'kind': 'pci', 'name': 'slot', 'type': 'address', 'source': 'sysfs', 'description': 'where'},
    {'kind': 'usb', 'name': 'speed', 'type': 'number', 'source': 'speed', 'description': 'Mbit/s'}]}


@case
def fields_come_from_hostdevd(place):
    place.hostdevd(json.dumps(FIELDS))
    same(place.ok('fields'), 'pci\tslot\taddress\tsysfs\twhere\nusb\tspeed\tnumber\tspeed\tMbit/s\n')
    same(place.read('arguments'), '--fields\n--json\n')
    same(place.ok('fields', 'usb'), 'usb\tspeed\tnumber\tspeed\tMbit/s\n')
    same(json.loads(place.ok('fields', '-j')), FIELDS)
    same(json.loads(place.ok('fields', '-j', 'usb')), {'fields': FIELDS['fields'][1:]})
    place.fails(3, 'fields', 'isa', says='no kind isa')


@case
def check_prints_places_and_exits_8(place):
    bad = {'valid': False, 'errors': [
        {'file': 'a.conf', 'line': 2, 'message': 'speed less fast', 'hint': 'a number'},
        {'file': 'a.conf', 'line': 5, 'message': 'torn \x1b', 'hint': ''}], 'findings': [],
        'groups': 0, 'rules': 0}
    place.hostdevd(json.dumps(bad), 8)
    result = place.run('check', '/a dir', '$(x)')
    same((result.returncode, result.stderr), (8, ''))
    same(result.stdout, 'a.conf:2: speed less fast; a number\na.conf:5: torn \ufffd\n'
         'invalid, errors: 2\n')
    same(place.read('arguments'), '--check\n--json\n--rules\n/a dir\n--rules\n$(x)\n')
    result = place.run('check', '--json')
    same((result.returncode, json.loads(result.stdout)), (8, bad))
    same(place.read('arguments'), '--check\n--json\n')


@case
def check_of_valid_rules_shows_findings(place):
    place.hostdevd(json.dumps({'valid': True, 'errors': [], 'groups': 2, 'rules': 3, 'findings': [
        {'code': 'c', 'level': 'warning', 'file': 'b', 'line': 1, 'message': 'm', 'fix': 'f'}]}))
    same(place.ok('check'), 'b:1: warning: m; f\nvalid: 2 groups, 3 rules\n')


@case
def hostdevd_that_fails_exits_1(place):
    place.hostdevd('', 3)
    place.fails(1, 'check', says='--check failed')
    place.hostdevd('{"valid":', 0)
    place.fails(1, 'check', says='printed no JSON')
    place.hostdevd('[' * 5000, 0)
    place.fails(1, 'fields', says='printed no JSON')
    os.unlink(place.path + '/hostdevd')
    if not os.path.exists('/usr/sbin/hostdevd'):
        place.fails(1, 'check', says=place.path + '/hostdevd')
