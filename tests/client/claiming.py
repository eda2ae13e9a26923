# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands about instances: what they ask, what they print, how they end."""
import json
import os
import signal
import time

from fake import INSTANCES, error, reply, whole_daemon
from place import PATIENCE, case, holds, same, until

HOSTDEVD = 'org.hostdevd.'


def asked(place, *arguments):
    """The last call of a command that is done."""
    place.daemon.calls.clear()
    place.ok(*arguments)
    call = place.daemon.calls[-1]
    return call['method'][len(HOSTDEVD):], call.get('parameters')


@case
def claim_asks_for_what_its_options_say(place):
    place.serve()
    same(asked(place, 'claim', 't4', '--vm', 'v'), ('Claim', {'vm': 'v', 'group': 't4'}))
    same(asked(place, '--vm', 'v', 'claim', '--tenant', 'blue', 't4', '--device', '01:00.0',
               '--count', '1', '--numa', '0', '--wait', '2.5', '--pid', '77', '--token', 'x'),
         ('Claim', {'vm': 'v', 'tenant': 'blue', 'token': 'x', 'group': 't4',
                    'device': 'pci:0000:01:00.0', 'count': 1, 'numa_node': 0, 'wait_ms': 2500,
                    'pid': 77}))
    same(asked(place, 'claim', 't4', '--tenant', 'blue', '--wait', '0')[1],
         {'tenant': 'blue', 'group': 't4', 'wait_ms': 0})


@case
def other_commands_ask_for_what_their_arguments_say(place):
    place.serve()
    same(asked(place, 'instances')[0], 'ListInstances')
    for target in ('i-12', 'usb:1-2.1', '1-2.1', 'usb_1_2_1'):  # it is missing: only the list has it
        same(asked(place, 'assign', target, '--vm', 'v'),
             ('Assign', {'instance': 'i-12', 'vm': 'v'}))
    same(asked(place, 'unassign', 'i-7'), ('Unassign', {'instance': 'i-7'}))
    same(asked(place, 'bind', 'pci_0000_01_00_0', '--pid', '5'),
         ('Bind', {'pid': 5, 'instance': 'i-1'}))
    same(asked(place, 'bind', '--vm', 'v', '--tenant', 't', '--pid', '5')[1],
         {'pid': 5, 'vm': 'v', 'tenant': 't'})
    same(asked(place, 'release', 'i-1', '--generation', '3', '--force'),
         ('Release', {'generation': 3, 'force': True, 'instance': 'i-1'}))
    same(asked(place, 'release', '--tenant', 't')[1], {'tenant': 't'})
    same(asked(place, 'release', '--tenant', 't', '--vm', 'v')[1], {'vm': 'v', 'tenant': 't'})
    same(asked(place, 'accept-loss')[0], 'AcceptLoss')


@case
def wrong_arguments_exit_2_before_anything_is_asked(place):
    place.serve()
    for says, *arguments in (
            ('needs an operand', 'claim', '--vm', 'v'),
            ('for whom', 'claim', 't4'),
            ('either --pid or --hold', 'claim', 't4', '--vm', 'v', '--hold', '--pid', '5'),
            ('json, qemu or libvirt', 'claim', 't4', '--vm', 'v', '--format', 'xml'),
            ('whole number', 'claim', 't4', '--vm', 'v', '--count', 'many'),
            ('whole number', 'claim', 't4', '--vm', 'v', '--count', ''),
            ('whole number', 'claim', 't4', '--vm', 'v', '--count', '-1'),
            ('whole number', 'claim', 't4', '--vm', 'v', '--numa', '1.5'),
            ('whole number', 'claim', 't4', '--vm', 'v', '--pid', '99999999999999999999'),
            ('1 or more', 'claim', 't4', '--vm', 'v', '--count', '0'),
            ('1 or more', 'claim', 't4', '--vm', 'v', '--pid', '0'),
            ('--vm: it must be a name', 'claim', 't4', '--vm', ''),
            ('--token: it must be a name', 'claim', 't4', '--vm', 'v', '--token', ''),
            ('number of seconds', 'claim', 't4', '--vm', 'v', '--wait', 'long'),
            ('number of seconds', 'claim', 't4', '--vm', 'v', '--wait', '-1'),
            ('to whom', 'assign', 'i-1'), ('needs an operand', 'assign', '--vm', 'v'),
            ('needs an operand', 'unassign'),
            ('to which process', 'bind', 'i-1'), ('whole number', 'bind', 'i-1', '--pid', 'x'),
            ('1 or more', 'bind', 'i-1', '--pid', '0'),
            ('--vm: it must be a name', 'assign', 'i-1', '--vm', ''),
            ('--tenant: it must be a name', 'release', '--tenant', ''),
            ('either an INSTANCE', 'bind', '--pid', '5'),
            ('either an INSTANCE', 'bind', 'i-1', '--vm', 'v', '--pid', '5'),
            ('either an INSTANCE', 'release'),
            ('either an INSTANCE', 'release', 'i-1', '--tenant', 't'),
            ('whole number', 'release', 'i-1', '--generation', 'x'),
            ('1 or more', 'release', 'i-1', '--generation', '0'),
            ('of one INSTANCE', 'release', '--vm', 'v', '--generation', '1'),
            ('usage: hostdevctl instances', 'instances', 'i-1'),
            ('usage: hostdevctl accept-loss', 'accept-loss', 'all')):
        place.fails(2, *arguments, says=says)
    same(place.daemon.calls, [])


@case
def instances_are_rows(place):
    place.serve()
    rows = ('i-1\tpci:0000:01:00.0\tready\tt4\t\tweb\tprocess 77\n'
            'i-12\tusb:1-2.1\tmissing\tt4\tblue\ta\ufffd[31m\tconnection\n')
    same(place.ok('instances'), rows)
    same(place.ok('claim', 't4', '--vm', 'v', '--count', '2'), rows)
    same(place.ok('bind', 'i-1', '--pid', '5'), rows)
    same(place.ok('release', 'i-1'), 'i-1\ni-12\n')
    table = place.terminal('instances', columns=120, NO_COLOR='1').splitlines()
    same(table[0].split(), ['INSTANCE', 'DEVICE', 'STATE', 'GROUP', 'TENANT', 'VM', 'LIFE'])
    same(table[1].split(), ['i-1', 'pci:0000:01:00.0', 'ready', 't4', '-', 'web', 'process', '77'])
    holds('state' in place.ok('assign', 'i-12', '--vm', 'v'), 'the instance')
    holds('version' in place.ok('accept-loss'), 'the status')
    same(place.ok('groups', 't4').split('\n\n')[-1], rows)
    holds('i-1' not in place.ok('groups', 'empty'), 'none of the group')


@case
def claims_print_how_to_attach(place):
    place.serve()
    same(place.ok('claim', 't4', '--vm', 'v', '--format', 'qemu'), 'vfio-pci,host=0000:01:00.0\n')
    same(place.ok('claim', 't4', '--vm', 'v', '--format', 'libvirt'),
         "<hostdev mode='subsystem' type='pci' managed='no'/>\n")
    want = json.dumps({'instances': INSTANCES[:1]}, separators=(',', ':')) + '\n'
    same(place.ok('claim', 't4', '--vm', 'v', '--format', 'json'), want)
    same(place.ok('-j', 'claim', 't4', '--vm', 'v', '--format', 'qemu'), want)
    result = place.fails(1, 'claim', 't4', '--vm', 'v', '--count', '2', '--format', 'qemu',
                         says='i-12 (usb:1-2.1) has nothing to attach for qemu')
    same(result.stdout, 'vfio-pci,host=0000:01:00.0\n')
    holds('the claim stands all the same; to give it back: hostdevctl release i-1; hostdevctl release '
          'i-12\n' in result.stderr, result.stderr)


@case
def claims_that_cannot_be_printed_are_told(place):
    place.serve()
    release = 'stands all the same; to give it back: hostdevctl release i-1\n'
    for more in ([], ['-j'], ['--format', 'qemu'], ['--format', 'json']):
        with open('/dev/full', 'wb') as full:
            result = place.fails(1, 'claim', 't4', '--vm', 'v', *more, stdout=full, says='No space')
        holds(release in result.stderr, result.stderr)
    with open('/dev/full', 'wb') as full:
        place.fails(1, 'claim', 't4', '--vm', 'v', '--tenant', 'blue', stdout=full,
                    says='to give it back: hostdevctl unassign i-1\n')
        held = place.fails(1, 'claim', 't4', '--vm', 'v', '--hold', stdout=full, says='No space')
        holds('stands' not in held.stderr, held.stderr)
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, 'wb') as gone:
        place.fails(1, 'claim', 't4', '--vm', 'v', stdout=gone, says=release)


@case
def json_of_instances_is_the_reply_unchanged(place):
    place.serve()
    for arguments, want in ((['instances'], {'seq': 17, 'epoch': 'e1', 'instances': INSTANCES}),
                            (['unassign', 'i-12'], {'instance': INSTANCES[1]}),
                            (['bind', '--vm', 'v', '--pid', '1'], {'instances': INSTANCES}),
                            (['release', '--vm', 'v'], {'released': ['i-1', 'i-12']})):
        same(list(json.loads(place.ok('-j', *arguments)).items()), list(want.items()))


@case
def errors_about_instances_have_their_exit_status(place):
    place.serve(lambda call: error(HOSTDEVD + name, message='so it is', **more))
    for name, status, more in (
            ('NoDeviceAvailable', 4, {}), ('Busy', 4, {'device': 'usb:1-2', 'reasons': []}),
            ('NotPermitted', 5, {}), ('Timeout', 7, {}), ('NoSuchGroup', 3, {'group': 'x'}),
            ('NoSuchDevice', 3, {'device': 'x'}), ('NoSuchInstance', 3, {'instance': 'i-1'}),
            ('StaleGeneration', 1, {}), ('StorageFailed', 1, {})):
        place.fails(status, 'claim', 't4', '--vm', 'v', says='so it is')
        place.fails(status, 'release', 'i-1', says='so it is')


@case
def what_is_no_instance_exits_3(place):
    place.serve()
    place.fails(3, 'release', '09:00.0', says='pci:0000:09:00.0 is no instance')
    place.fails(3, 'assign', 'nonsense', '--vm', 'v', says='nonsense is no instance')
    place.fails(3, 'unassign', 'i-', says='i- is no instance')
    place.fails(3, 'unassign', 'i-1x', says='i-1x is no instance')


def listed(*instances):
    """A daemon that has these (id, device, state)."""
    rows = [{**INSTANCES[0], 'id': id_, 'device': device, 'state': state}
            for id_, device, state in instances]
    return lambda call: (reply(seq=17, epoch='e1', instances=rows)
                         if call['method'].endswith('ListInstances') else whole_daemon(call))


@case
def a_device_means_the_instance_that_has_it_now(place):
    place.serve(listed(('i-1', 'usb:1-2.1', 'missing'), ('i-2', 'usb:1-2.1', 'missing'),
                       ('i-3', 'usb:1-2.1', 'ready'), ('i-4', 'usb:1-3', 'missing'),
                       ('i-5', 'usb:1-4', 'preparing'), ('i-6', 'usb:1-4', 'missing')))
    for target, instance in (('1-2.1', 'i-3'), ('1-3', 'i-4'), ('1-4', 'i-5')):
        same(asked(place, 'release', target), ('Release', {'instance': instance}))
        same(asked(place, 'unassign', target), ('Unassign', {'instance': instance}))
        same(asked(place, 'assign', target, '--vm', 'v')[1], {'instance': instance, 'vm': 'v'})
        same(asked(place, 'bind', target, '--pid', '5')[1], {'pid': 5, 'instance': instance})


@case
def a_device_that_several_instances_miss_means_none(place):
    place.serve(listed(('i-1', 'usb:1-2.1', 'missing'), ('i-2', 'usb:1-3', 'ready'),
                       ('i-7', 'usb:1-2.1', 'missing')))
    for arguments in (['release', '1-2.1'], ['unassign', '1-2.1'],
                      ['assign', '1-2.1', '--vm', 'v'], ['bind', '1-2.1', '--pid', '5']):
        place.daemon.calls.clear()
        place.fails(1, *arguments, says='several instances miss usb:1-2.1: name the one that you '
                                        'mean of i-1, i-7')
        same([call['method'] for call in place.daemon.calls], [HOSTDEVD + 'ListInstances'])


@case
def hold_prints_first_and_ends_by_any_signal(place):
    place.serve()
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        place.daemon.gone.clear()
        held = place.start('claim', 't4', '--vm', 'v', '--hold', '--format', 'qemu')
        same(held.stdout.readline(), 'vfio-pci,host=0000:01:00.0\n')
        same(place.daemon.calls[-1]['parameters'], {'vm': 'v', 'group': 't4', 'life': 'connection'})
        time.sleep(0.05)
        holds(not place.daemon.gone.is_set() and held.poll() is None, 'it holds')
        held.send_signal(how)
        held.communicate()
        same(held.returncode, -how)
        holds(place.daemon.gone.wait(PATIENCE), 'the connection is closed')


@case
def hold_says_when_the_daemon_goes(place):
    place.serve(lambda call: [whole_daemon(call), 0.2, None])
    held = place.start('claim', 't4', '--vm', 'v', '--hold')
    _, stderr = held.communicate(timeout=PATIENCE)
    same(held.returncode, 6)
    holds('went away' in stderr, stderr)


@case
def interrupt_leaves_the_queue(place):
    place.serve(lambda call: [30, reply(instances=[])])
    waiting = place.start('claim', 't4', '--vm', 'v', '--wait', '600')
    until(lambda: place.daemon.calls, 'the claim')
    waiting.send_signal(signal.SIGINT)
    waiting.communicate()
    same(waiting.returncode, -signal.SIGINT)
    holds(place.daemon.gone.wait(PATIENCE), 'the connection is closed')
