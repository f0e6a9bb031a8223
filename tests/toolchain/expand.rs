//! `postwright expand`: the text that it prints.

use support::Scratch;

const NAME: &str = "expand -c site --color never";

fn site() -> Scratch {
    let scratch = Scratch::example();
    scratch.write(
        "site/master.cf",
        "smtp inet n - n - - smtpd\nsubmission inet n - n - - smtpd\n  -o myorigin=$service_name.example.org\n",
    );
    scratch
}

#[test]
fn names_and_texts() {
    let scratch = site();
    scratch.run(&format!("{NAME} myorigin inet_interfaces $myhostname,x")).is(
        0,
        "myorigin = example.com\ninet_interfaces = all\nmail.example.com,x\n",
        "",
    );
    scratch.run(&format!("{NAME} --service submission/inet")).is(0, "myorigin = submission.example.org\n", "");
}

#[test]
fn what_cannot_be_expanded() {
    let scratch = site();
    scratch.run(&format!("{NAME} mydomain my_orign")).is(
        1,
        "mydomain = example.com\n",
        "postwright: my_orign: no such parameter in Postfix 3.11; did you mean myorigin?\n",
    );
    scratch.run(&format!("{NAME} --target 2.11 maillog_file")).is(
        1,
        "",
        "postwright: maillog_file: no such parameter in Postfix 2.11\n",
    );
    scratch.edit("site/main.cf", "mydomain = example.com", "mydomain = ${myorigin}");
    scratch.run(&format!("{NAME} mydomain ${{x")).is(
        1,
        "",
        "postwright: mydomain: parameter refers to itself: myorigin -> mydomain -> myorigin\n\
         postwright: ${x: truncated macro reference: \"${x\"\n",
    );
    scratch.run(&format!("{NAME} --service submision/inet myorigin")).is(
        2,
        "",
        "postwright: site/master.cf: no service submision/inet; did you mean submission/inet?\n",
    );
    scratch.run("expand -c none x").is(2, "", "postwright: none/main.cf: No such file or directory\n");
}

#[test]
fn the_steps() {
    let scratch = site();
    scratch.run(&format!("{NAME} --trace mydestination virtual_alias_maps smtpd_banner")).is(
        0,
        "\
mydestination = mail.example.com, localhost.example.com, localhost, example.com
  site/main.cf:7: $myhostname, localhost.$mydomain, localhost, $mydomain
  ├ $myhostname = mail.example.com
  │ site/main.cf:4
  ├ $mydomain = example.com
  │ site/main.cf:5
  └ $mydomain = example.com
    site/main.cf:5
virtual_alias_maps = lmdb:/etc/postfix/virtual
  site/main.cf:19: ${default_database_type}:/etc/postfix/virtual
  └ ${default_database_type} = lmdb
    site/main.cf:10
smtpd_banner = mail.example.com ESMTP Postfix
  default of Postfix 3.11: $myhostname ESMTP $mail_name
  ├ $myhostname = mail.example.com
  │ site/main.cf:4
  └ $mail_name = Postfix
    default of Postfix 3.11
",
        "",
    );
    scratch
        .run(&format!("{NAME} --trace --service submission/inet ${{myorigin?$none}}$myorigin$append_dot_mydomain"))
        .is(
            0,
            "\
submission.example.orgno
  ├ ${myorigin?$none}: not empty
  │ -o of submission/inet, site/master.cf:3: $service_name.example.org
  ├ $none: not defined, so empty
  ├ $myorigin = submission.example.org
  │ -o of submission/inet, site/master.cf:3: $service_name.example.org
  │ └ $service_name = submission
  │   name of the service
  └ $append_dot_mydomain = no
    default of Postfix 3.11, since 3.6: ${{$compatibility_level} <level {1} ? {yes} : {no}}
    ├ $compatibility_level = 3.11
    │ site/main.cf:2
    └ ${{$compatibility_level} <level {1} ? {yes} : {no}}: does not hold for \"3.11\" and \"1\"
",
            "",
        );
}

#[test]
fn json() {
    let scratch = site();
    scratch.run(&format!("{NAME} --format json myorigin $none")).is(
        0,
        "{\"version\":1,\"values\":[\
         {\"name\":\"myorigin\",\"raw\":\"$mydomain\",\"value\":\"example.com\",\
         \"from\":{\"kind\":\"main.cf\",\"span\":{\"file\":\"site/main.cf\",\"line\":6,\"column\":12,\"end_line\":6,\
         \"end_column\":21,\"start\":181,\"end\":190}},\"steps\":[\
         {\"name\":\"mydomain\",\"written\":\"$mydomain\",\"purpose\":\"substitute\",\"raw\":\"example.com\",\
         \"value\":\"example.com\",\"from\":{\"kind\":\"main.cf\",\"span\":{\"file\":\"site/main.cf\",\"line\":5,\
         \"column\":12,\"end_line\":5,\"end_column\":23,\"start\":158,\"end\":169}},\"steps\":[]}]},\
         {\"raw\":\"$none\",\"value\":\"\",\"steps\":[{\"name\":\"none\",\"written\":\"$none\",\
         \"purpose\":\"substitute\",\"raw\":null,\"value\":null,\"from\":null,\"steps\":[]}]}]}\n",
        "",
    );
}
