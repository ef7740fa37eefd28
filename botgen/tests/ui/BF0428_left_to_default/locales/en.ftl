-firm = Example Inc.
    .gender = femini
got = You have { $kind ->
   *[blue] a blue one
} from { -firm.gender ->
    [feminine] her
   *[masculine] him
}.
