"""A Kenjo to try the bridge against: a real HTTP server with made-up people.

It answers the requests of Kenjo's reference below `/api/v1`, with the inconsistencies that the reference
has, and shares no code with the bridge, so that a shared mistake cannot hide. Start it with
`python -m sandbox`, or within a test:

    async with Sandbox(people=50, seed=1) as sandbox:
        sandbox.url         # http://127.0.0.1:40123/api/v1
        sandbox.api_key     # sandbox-key
        sandbox.account     # the people, to read and to change (`sandbox.state`)
        sandbox.actions     # hire, move, leave, ... in one call (`sandbox.actions`)
        sandbox.faults      # make it misbehave (`sandbox.faults` lists the kinds)
        sandbox.keys        # more keys, fewer permissions, ended tokens (`sandbox.auth`)
        sandbox.requests    # how often each path was asked for

What is not Kenjo's: a person is active at once after `/activate` (at Kenjo when they follow the mail); the
words of errors, of which Kenjo documents the form; the statuses 403 (a key without permission), 404 (an
unknown id) and 409 (an e-mail or external id in use), which Kenjo documents nowhere; and that a removed team,
department or office is taken away from its people.

## Controls

Below `/_sandbox`, without a token, JSON in and out:

| request | body | answer |
|---|---|---|
| `GET /state` | | counts: employees, active, inactive, withoutEmail, upcoming, teams, ..., faults, tokens |
| `POST /actions/hire` | see below | the person |
| `POST /actions/activate` | `employee` | the person |
| `POST /actions/move` | `employee, department, office, team, manager, job_title` | the person |
| `POST /actions/rename` | `employee, first_name, last_name` | the person |
| `POST /actions/leave` | `employee`: is deactivated | the person |
| `POST /actions/delete` | `employee`: is gone from every list | the person as they were |
| `GET /faults` | | the rules in force, each with `id`, `count` (left) and `used` |
| `POST /faults` | `kind`, `path`, `method`, `count`, options of the kind | 201, the rule |
| `DELETE /faults`, `DELETE /faults/{id}` | | 204 |
| `GET /requests` | | `{"requests": {"GET /employees/works": 2}, "mostAtOnce": 1}` |
| `DELETE /requests` | | 204, counts from zero |
| `PUT /keys` | `key`, `denied`: globs on paths | the key |

`hire` takes `first_name`, `last_name`, `email`, `job_title`, `department`, `office`, `team`, `manager`,
`start` (a day), and as booleans `active` and `deskless` (no e-mail).

Every field of an action may be left out: people are named by `_id` or e-mail, teams, departments and offices
by `_id` or name, and who or what is not named is chosen. Errors have Kenjo's form.
"""

from sandbox.server import Sandbox, create_app

__all__ = ["Sandbox", "create_app"]
