//! The table of codes.

use diagnostic::Severity::{Error, Note, Warning};

use super::Code;

pub(super) static CODES: &[Code] = &[
    Code {
        code: "K001",
        severity: Error,
        title: "a parameter of an alarm that CloudWatch doesn't take",
        explanation: r##"CloudFormation hands an alarm's properties to `PutMetricAlarm` or `PutCompositeAlarm`, and
the stack fails where that refuses them. For example, `Period: 300` with
`EvaluationPeriods: 500` looks at more than a day, which is allowed only with periods of
an hour and more.
Write what the help line quotes from AWS's answer.
Source: CloudWatch API Reference, PutMetricAlarm and PutCompositeAlarm."##,
    },
    Code {
        code: "K002",
        severity: Error,
        title: "an alarm that CloudWatch can evaluate and kmswatch can't",
        explanation: r##"Alarms on what is usual (anomaly detection bands), in PromQL, and on Metrics Insights
queries need data and services that only AWS has. To leave such an alarm out silently
would mean that nobody is told.
Compare a metric with a `Threshold`, as in `Statistic: Sum`, `Threshold: 5`; or keep the
alarm in a template that kmswatch isn't given.
Source: CloudWatch User Guide, "Using CloudWatch anomaly detection", "Alarms on PromQL
queries"."##,
    },
    Code {
        code: "K003",
        severity: Error,
        title: "composite alarms that wait for each other in a circle",
        explanation: r##"A composite alarm is evaluated after those that its rule names. In a circle, such as `a`
with the rule `ALARM(b)` and `b` with `ALARM(a)`, AWS evaluates none of them, and none can
be deleted before a rule is changed.
Take one of the names out of a rule. An alarm that depends on its own state can't be
expressed.
Source: CloudWatch User Guide, "Combining alarms"; PutCompositeAlarm."##,
    },
    Code {
        code: "K004",
        severity: Error,
        title: "more metric filters in a log group than AWS allows",
        explanation: r##"A log group has at most 100 metric filters, and the quota can't be raised. The stack fails
at the filter beyond it.
Join patterns whose matches are counted together with `||`, or deliver to a second log
group.
Source: CloudWatch Logs User Guide, "CloudWatch Logs quotas"."##,
    },
    Code {
        code: "K005",
        severity: Error,
        title: "more filter patterns with regular expressions than AWS allows",
        explanation: r##"At most 5 filter patterns of a log group may hold a regular expression, such as
`%AccessDenied.*%`. The stack fails at the sixth.
Write `*` where that says enough: `$.errorCode = "AccessDenied*"`.
Source: CloudWatch Logs User Guide, "Filter pattern syntax"."##,
    },
    Code {
        code: "K006",
        severity: Error,
        title: "more composite alarms on one alarm than AWS allows",
        explanation: r##"An alarm may be named by the rules of at most 150 composite alarms. The stack fails at the
next one.
Let composite alarms name other composite alarms.
Source: CloudWatch User Guide, "Combining alarms"."##,
    },
    Code {
        code: "K007",
        severity: Error,
        title: "a name that AWS doesn't take",
        explanation: r##"A log group's name has 1 to 512 letters, digits and the signs `_ - / . #`; a metric
filter's name has no `:` and no `*`. The stack fails at another one.
For example, write `kms-failures` rather than `kms:failures`.
Source: CloudWatch Logs API Reference, CreateLogGroup and PutMetricFilter."##,
    },
    Code {
        code: "K008",
        severity: Error,
        title: "a subscription that says not where to",
        explanation: r##"Without `Endpoint` a subscription reaches nobody: an address for `email`, a URL for
`https`, an ARN for `sqs`.
Write, for example, `Protocol: email` and `Endpoint: security@example.com`.
Source: SNS API Reference, Subscribe."##,
    },
    Code {
        code: "K009",
        severity: Error,
        title: "more errors than are listed",
        explanation: r##"The errors of a template are listed up to a limit, and counted beyond it. Many errors
often have one cause, such as a section that is indented wrongly.
Mend those that are listed, and check again.
Source: docs/limits.md."##,
    },
    Code {
        code: "K010",
        severity: Warning,
        title: "a condition on the error that no record meets",
        explanation: r##"Where a call succeeds, CloudTrail leaves `errorCode` and `errorMessage` out; it writes
neither an empty text nor null. So `$.errorCode = ""` and `$.errorCode IS NULL` are false
for each record, and the filter counts nothing.
Write `$.errorCode NOT EXISTS` for calls that succeeded, and `$.errorCode = "*"` for those
that failed.
Source: CloudTrail User Guide, "CloudTrail record contents"; CloudWatch Logs User Guide,
"Filter pattern syntax"."##,
    },
    Code {
        code: "K011",
        severity: Warning,
        title: "an error code as the SDKs spell it, which CloudTrail doesn't",
        explanation: r##"KMS answers `AccessDeniedException`, and CloudTrail's record of the same call says
`AccessDenied`. A pattern that compares with the first text counts no denied call.
Write `$.errorCode = "AccessDenied*"`, which finds both spellings. Other errors, such as
`IncorrectKeyException`, are spelt alike.
Source: records of denied Decrypt calls; KMS Developer Guide, "Logging AWS KMS API calls"."##,
    },
    Code {
        code: "K012",
        severity: Warning,
        title: "a condition on the key that drops the calls that were denied",
        explanation: r##"In the record of a call to KMS that was denied, `requestParameters` is null and
`resources` is absent; the key's ARN stands in `errorMessage` only. A pattern such as `{
$.errorCode = "*" && $.resources[0].ARN = "*key/1234" }` counts other errors and leaves
out the ones that matter.
Ask for either: `($.resources[0].ARN = "*key/1234" || $.errorMessage = "*key/1234*")`.
Source: records of denied Decrypt calls; see also W007, which says the same where the
error is spelt out."##,
    },
    Code {
        code: "K013",
        severity: Note,
        title: "only `Decrypt`, where other calls decrypt too",
        explanation: r##"`ReEncrypt` decrypts data and encrypts it again under another key, which may be the
caller's own; `DeriveSharedSecret` and `Decapsulate` use a private key. A pattern with
`$.eventName = "Decrypt"` sees none of them.
Add `|| $.eventName = "ReEncrypt"` and the others, or ask for all of `kms.amazonaws.com`
with an error.
Source: KMS API Reference."##,
    },
    Code {
        code: "K014",
        severity: Warning,
        title: "a pattern that matches nearly each record",
        explanation: r##"`!=` holds for nearly all records, and `||` asks for no more than one condition. So `{
$.errorCode = "AccessDenied*" || $.sourceIPAddress != "delivery.logs.amazonaws.com" }`, as
the CIS benchmark printed it in versions 1.3 and 1.4, counts everything but the
deliveries, and the alarm is on all the time. `$.a != "x" || $.a != "y"` holds for any
`a`.
Join exclusions with `&&`: `($.errorCode = "AccessDenied*") && ($.sourceIPAddress !=
"delivery.logs.amazonaws.com")`.
Source: CloudWatch Logs User Guide, "Filter pattern syntax"."##,
    },
    Code {
        code: "K015",
        severity: Warning,
        title: "a selector for a record inside of something else",
        explanation: r##"In a log group, each record is a log event of its own. `$.Records[*].eventName` fits the
files in the bucket, `$.detail.eventName` the events of EventBridge; here both find
nothing.
Write `$.eventName`.
Source: CloudTrail User Guide, "Sending CloudTrail events to CloudWatch Logs"."##,
    },
    Code {
        code: "K016",
        severity: Note,
        title: "an empty pattern, which counts each log event",
        explanation: r##"An empty filter pattern matches each log event of the group. That is right for a metric
that shows whether log events arrive at all, and for nothing else.
Write a pattern, such as `{ $.errorCode = "*" }`, if only some should count.
Source: CloudWatch Logs User Guide, "Example: Count log events"."##,
    },
    Code {
        code: "K020",
        severity: Warning,
        title: "a metric filter that no alarm looks at",
        explanation: r##"The filter counts, and nobody is told. Often the alarm's `MetricName` or `MetricNamespace`
is spelt otherwise, or the alarm was forgotten.
Declare an `AWS::CloudWatch::Alarm` with the same namespace and name. If the metric is
only for a dashboard, or its alarm is in another stack, say `--allow K020`.
Source: CloudWatch User Guide, "Metrics concepts"."##,
    },
    Code {
        code: "K021",
        severity: Warning,
        title: "an alarm on a metric that nothing writes",
        explanation: r##"CloudWatch takes an alarm on a metric that doesn't exist, and the alarm waits in
`INSUFFICIENT_DATA` for ever. An alarm on `Kms/DecryptFailure` doesn't see what a filter
writes to `Kms/DecryptFailures`.
Write the filter's namespace and name. Metrics of AWS's own services (`AWS/…`) aren't
complained of. If an application writes the metric, say `--allow K021`.
Source: CloudWatch API Reference, PutMetricAlarm."##,
    },
    Code {
        code: "K022",
        severity: Warning,
        title: "an alarm on a metric that is nearly the one that is written",
        explanation: r##"A metric is its namespace, its name, and exactly its dimensions. Nothing is added up over
dimensions: where a filter writes `Failures` with the dimension `KeyId`, an alarm on
`Failures` without dimensions sees nothing.
Give both the same namespace and the same dimensions, or take the dimensions out of the
filter.
Source: CloudWatch User Guide, "Metrics concepts"; CloudWatch Logs User Guide, "Publishing
dimensions with metrics"."##,
    },
    Code {
        code: "K023",
        severity: Warning,
        title: "an alarm that asks for another unit",
        explanation: r##"Observations in different units are kept apart, and CloudWatch converts nothing. An alarm
with `Unit: Count` on a metric that is written without a unit (`None`) has no data.
Leave `Unit` out of the alarm, or write the same one in the filter.
Source: CloudWatch API Reference, PutMetricAlarm, "Unit"."##,
    },
    Code {
        code: "K024",
        severity: Warning,
        title: "two metric filters that write one metric",
        explanation: r##"What both match is added up, and a record that both match counts twice. Nothing in the
alarm's message tells which of them it was. It is deliberate where one pattern of 1,024
characters isn't enough.
Give each filter a metric of its own, or say `--allow K024`. Metric math can add metrics
up: `m1 + m2`.
Source: CloudWatch User Guide, "Metrics concepts"."##,
    },
    Code {
        code: "K025",
        severity: Note,
        title: "an alarm of one period that ends with each quiet period",
        explanation: r##"With a default value, a period in which nothing matches has a good datapoint. With one
evaluation period that ends the alarm at once, and the next match is told again: an
attempt each two minutes is a message each two minutes.
That may be what you want. Otherwise write `EvaluationPeriods: 6` and `DatapointsToAlarm:
1`, so that the alarm holds on.
Source: CloudWatch User Guide, "Evaluating an alarm"."##,
    },
    Code {
        code: "K026",
        severity: Warning,
        title: "`SampleCount` of a metric with a default value",
        explanation: r##"The default value is counted for log events that don't match, so that `SampleCount` says
how many log events there were, not how many matched. The alarm fires on ordinary traffic.
Write `Statistic: Sum`: a default of 0 adds nothing to it.
Source: CloudWatch Logs User Guide, "Configuring metric values"."##,
    },
    Code {
        code: "K027",
        severity: Warning,
        title: "an average of values that are all the same",
        explanation: r##"A metric filter with `MetricValue: 1` writes 1 for each match. The average, the minimum
and the maximum of ones is 1, be it one match or a thousand: an alarm on `Average` greater
than 1 never fires, and with a default value it looks at the share of log events.
Write `Statistic: Sum`, which counts the matches of a period.
Source: CloudWatch User Guide, "CloudWatch statistics definitions"."##,
    },
    Code {
        code: "K028",
        severity: Warning,
        title: "a threshold that every count meets, or none",
        explanation: r##"A count is 0 or more. `GreaterThanOrEqualToThreshold` with 0 holds for each datapoint,
`LessThanThreshold` with 0 for none.
Write `Threshold: 1` with `GreaterThanOrEqualToThreshold`: at least one match.
Source: CloudWatch API Reference, PutMetricAlarm."##,
    },
    Code {
        code: "K029",
        severity: Warning,
        title: "a threshold that one match doesn't reach",
        explanation: r##"With `GreaterThanThreshold` and 1, a period with one match is good: it takes two in the
same period. A single call with a stolen key is told to nobody. The AWS Well-Architected
lab on KMS has this setting.
Write `GreaterThanOrEqualToThreshold` with 1. If two are meant, write it with 2, which
says so.
Source: CloudWatch API Reference, PutMetricAlarm."##,
    },
    Code {
        code: "K030",
        severity: Warning,
        title: "a period shorter than the metric's minute",
        explanation: r##"Metric filters write one datapoint a minute. With `Period: 10`, five of six periods are
empty whatever happens, and what they count as is left to `TreatMissingData`. Alarms of
less than a minute also cost three times as much.
Write `Period: 60` or a multiple of it.
Source: CloudWatch Logs User Guide, "Creating metrics from log events using filters";
CloudWatch User Guide, "High-resolution metrics"."##,
    },
    Code {
        code: "K031",
        severity: Warning,
        title: "an alarm that sticks: missing data are ignored",
        explanation: r##"Without a default value, a period in which nothing matches has no datapoint. With
`TreatMissingData: ignore` the alarm then stays as it is: after the first match it is in
`ALARM` until somebody resets it, and since actions run on changes only, no later match is
told.
Write `TreatMissingData: notBreaching`.
Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"."##,
    },
    Code {
        code: "K032",
        severity: Warning,
        title: "an alarm that fires when nothing happens: missing data are breaching",
        explanation: r##"Without a default value, a period in which nothing matches has no datapoint. With
`TreatMissingData: breaching` the alarm fires in each quiet period and flaps whenever one
follows another.
Write `TreatMissingData: notBreaching`. To be told when log events stop, make an alarm of
its own, with `LessThanThreshold`.
Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"."##,
    },
    Code {
        code: "K033",
        severity: Warning,
        title: "an alarm of several datapoints that one is enough for",
        explanation: r##"Where quiet periods have no datapoint and missing data are `missing` (what counts where
nothing is set), CloudWatch decides by the datapoints that there are. Three out of three
with a single breaching datapoint that is old enough, as in `--X--`, is `ALARM`.
Write `TreatMissingData: notBreaching`: then quiet periods are good ones.
Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data", the
table for three datapoints."##,
    },
    Code {
        code: "K034",
        severity: Warning,
        title: "an alarm that is in `INSUFFICIENT_DATA` whenever it is quiet",
        explanation: r##"Without a default value, a period in which nothing matches has no datapoint, and where
missing data are `missing` the alarm goes to `INSUFFICIENT_DATA`. It still fires on the
next match, but it never looks well, and `InsufficientDataActions` run after each burst;
only that is a warning.
Write `TreatMissingData: notBreaching`.
Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"."##,
    },
    Code {
        code: "K035",
        severity: Warning,
        title: "an alarm on silence that doesn't see it",
        explanation: r##"Without a default value, silence isn't 0: it is no datapoint at all. `LessThanThreshold`
with 1 on a count then never has a datapoint to compare, and the alarm never fires.
Write `TreatMissingData: breaching`.
Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"."##,
    },
    Code {
        code: "K036",
        severity: Note,
        title: "an alarm that is evaluated once an hour",
        explanation: r##"Where all evaluation periods together are longer than a day, CloudWatch evaluates the
alarm once an hour, on data up to the last full hour. It can fire more than an hour late.
Look at a day or less, such as 24 periods of an hour, to be told within minutes.
Source: CloudWatch User Guide, "Evaluating an alarm"."##,
    },
    Code {
        code: "K037",
        severity: Warning,
        title: "actions for `OK` that never run",
        explanation: r##"Without a default value each datapoint holds at least one match. Where one match breaches,
no datapoint is good, and with missing data as `missing` or `ignore` the alarm is never
`OK`.
Write `TreatMissingData: notBreaching`, or leave `OKActions` out.
Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"."##,
    },
    Code {
        code: "K040",
        severity: Warning,
        title: "an alarm without actions",
        explanation: r##"It changes its state, and nobody is told. An alarm that a composite alarm of the template
names is left alone: its parent tells.
Write `AlarmActions: [!Ref Topic]`. If it is only for a dashboard, say `--allow K040`.
Source: CloudWatch User Guide, "Alarm actions"."##,
    },
    Code {
        code: "K041",
        severity: Warning,
        title: "an alarm whose actions are switched off",
        explanation: r##"With `ActionsEnabled: false` the state changes, and no action runs. It is often left over
from a test.
Write `ActionsEnabled: true`, or leave it out.
Source: CloudWatch API Reference, PutMetricAlarm."##,
    },
    Code {
        code: "K042",
        severity: Warning,
        title: "an alarm that tells of everything but `ALARM`",
        explanation: r##"There are `OKActions` or `InsufficientDataActions`, and no `AlarmActions`: people are told
when it is over, and not when it begins.
Write `AlarmActions` with the same topic.
Source: CloudWatch User Guide, "Alarm actions"."##,
    },
    Code {
        code: "K043",
        severity: Warning,
        title: "a topic that alarms tell and nobody subscribes to",
        explanation: r##"SNS takes the message and gives it to nobody. A subscription whose `Condition` is false
counts as none; check with the `--parameter` that you deploy with.
Declare an `AWS::SNS::Subscription` with `Protocol: email`. If people subscribe by hand,
say `--allow K043`.
Source: SNS Developer Guide."##,
    },
    Code {
        code: "K044",
        severity: Note,
        title: "an action that only AWS can run",
        explanation: r##"Actions on Lambda, Systems Manager, EC2 and Auto Scaling need these services. kmswatch
runs actions on topics and passes over the others.
Tell a topic too, so that somebody learns of it.
Source: CloudWatch User Guide, "Alarm actions"."##,
    },
    Code {
        code: "K045",
        severity: Note,
        title: "an action on a topic that the template doesn't declare",
        explanation: r##"Who subscribes to it isn't known here. AWS tells them; kmswatch knows only the topics of
its template.
Declare the topic and its subscriptions in this template to be told by kmswatch itself.
Source: docs/check.md."##,
    },
    Code {
        code: "K046",
        severity: Note,
        title: "a subscription that its subscriber must confirm",
        explanation: r##"After the deployment AWS sends a message that asks for it, and delivers nothing before the
link in it was opened. Such messages end in spam folders.
Confirm once; `aws sns list-subscriptions` shows `PendingConfirmation` before. kmswatch
takes the subscriptions of its template as confirmed.
Source: SNS Developer Guide, "Confirming a subscription"."##,
    },
    Code {
        code: "K047",
        severity: Warning,
        title: "an endpoint that doesn't fit its protocol",
        explanation: r##"SNS refuses `Protocol: https` with an `http://` URL, or `email` with something that isn't
an address, and the stack fails. It is often the default of a parameter that was meant as
a placeholder.
Write what the help line says, or give the parameter's value with `--parameter`.
Source: SNS API Reference, Subscribe."##,
    },
    Code {
        code: "K048",
        severity: Warning,
        title: "a composite alarm on an alarm that the template doesn't declare",
        explanation: r##"AWS takes only alarms that exist, so one that is misspelt makes the stack fail, and one of
another stack works there. Here nothing is known of it: no condition on it holds.
Correct the name, or declare the alarm in this template.
Source: CloudWatch API Reference, PutCompositeAlarm."##,
    },
    Code {
        code: "K049",
        severity: Note,
        title: "a subscription that only AWS can deliver to",
        explanation: r##"kmswatch delivers to addresses and URLs. `sms`, `sqs`, `lambda`, `firehose` and
`application` need AWS.
Subscribe an address or a URL too.
Source: docs/check.md."##,
    },
    Code {
        code: "K060",
        severity: Warning,
        title: "a trail that isn't logging",
        explanation: r##"With `IsLogging: false` the trail exists and delivers nothing, so that no filter ever
matches.
Write `IsLogging: true`.
Source: CloudFormation Template Reference, AWS::CloudTrail::Trail."##,
    },
    Code {
        code: "K061",
        severity: Warning,
        title: "a trail that leaves out KMS",
        explanation: r##"`ExcludeManagementEventSources: [kms.amazonaws.com]`, or an advanced selector with
`eventSource` `NotEquals` it, leaves out all calls to KMS, failed ones too: the volume is
less, and so is what is seen. Attackers use the same switch.
Take `kms.amazonaws.com` out of the list. If the cost of it matters, have a second trail
without KMS.
Source: CloudTrail User Guide, "Logging management events", "Exclude AWS KMS events"."##,
    },
    Code {
        code: "K062",
        severity: Warning,
        title: "a trail that leaves out reads, or writes",
        explanation: r##"CloudTrail counts `Decrypt`, `Encrypt` and `GenerateDataKey` as reads, and `DisableKey`
and `ScheduleKeyDeletion` as writes. With `ReadWriteType: WriteOnly`, or `readOnly`
`Equals` `false`, no failed decryption is recorded.
Write `ReadWriteType: All`.
Source: CloudTrail User Guide, "Logging management events"."##,
    },
    Code {
        code: "K063",
        severity: Warning,
        title: "a trail without management events",
        explanation: r##"All calls to KMS are management events. With `IncludeManagementEvents: false`, or advanced
selectors of other categories only, none of them is recorded.
Write `IncludeManagementEvents: true`, or add an advanced selector with `eventCategory`
`Equals` `Management`.
Source: CloudTrail User Guide, "Logging management events"."##,
    },
    Code {
        code: "K064",
        severity: Warning,
        title: "a trail that sees one region",
        explanation: r##"Keys exist in each region, and stolen credentials work in all of them. A trail records its
own region only unless it is told otherwise; `IsMultiRegionTrail` is false where it is
left out.
Write `IsMultiRegionTrail: true`.
Source: CloudTrail User Guide, "Creating a trail for all regions"; CIS AWS Foundations
Benchmark, 3.1."##,
    },
    Code {
        code: "K065",
        severity: Warning,
        title: "a trail that delivers to no log group, beside metric filters",
        explanation: r##"Metric filters look at log groups. A trail without one delivers to its bucket only, and
the filters of the template see nothing of it at AWS.
Write `CloudWatchLogsLogGroupArn: !GetAtt LogGroup.Arn` and `CloudWatchLogsRoleArn`.
Source: CloudTrail User Guide, "Sending CloudTrail events to CloudWatch Logs"."##,
    },
    Code {
        code: "K066",
        severity: Warning,
        title: "a metric filter on a log group that no trail delivers to",
        explanation: r##"The pattern asks for what CloudTrail's records have, and the trail of the template
delivers them to another log group. Often one of the two was renamed.
Write the same log group in both: `LogGroupName: !Ref LogGroup`,
`CloudWatchLogsLogGroupArn: !GetAtt LogGroup.Arn`.
Source: CloudTrail User Guide, "Sending CloudTrail events to CloudWatch Logs"."##,
    },
    Code {
        code: "K067",
        severity: Warning,
        title: "a trail with a log group and without a role",
        explanation: r##"CloudTrail writes to the log group in a role's name. AWS refuses a trail that has
`CloudWatchLogsLogGroupArn` and no `CloudWatchLogsRoleArn`.
Declare an `AWS::IAM::Role` that `cloudtrail.amazonaws.com` may assume, with
`logs:CreateLogStream` and `logs:PutLogEvents`, and write `CloudWatchLogsRoleArn: !GetAtt
Role.Arn`.
Source: CloudTrail User Guide, "Role policy document for CloudTrail to use CloudWatch
Logs"."##,
    },
    Code {
        code: "K068",
        severity: Note,
        title: "a log group that keeps everything for ever",
        explanation: r##"Without `RetentionInDays` nothing is ever deleted, and it is paid for. The trail's bucket
has the same records for less.
Write, for example, `RetentionInDays: 365`.
Source: CloudWatch Logs API Reference, PutRetentionPolicy."##,
    },
    Code {
        code: "K069",
        severity: Warning,
        title: "a pattern for denials at VPC endpoints, which no trail records",
        explanation: r##"`VpceAccessDenied` stands in network activity events. A trail records these only with an
advanced event selector of that category; by default, and with basic selectors, it
doesn't.
Add an advanced selector with `eventCategory` `NetworkActivity` and `eventSource`
`kms.amazonaws.com` beside that for management events.
Source: CloudTrail User Guide, "Logging network activity events"."##,
    },
    Code {
        code: "K070",
        severity: Warning,
        title: "a log group that is near one of AWS's quotas",
        explanation: r##"A log group has at most 100 metric filters, 5 of them with regular expressions, and
neither quota can be raised. The next filters make the stack fail (K004, K005).
Join patterns with `||`, and write `*` instead of regular expressions where that says
enough.
Source: CloudWatch Logs User Guide, "CloudWatch Logs quotas"."##,
    },
    Code {
        code: "K080",
        severity: Warning,
        title: "a property that AWS doesn't know",
        explanation: r##"CloudFormation refuses a property that the resource type doesn't have, so the name is
misspelt, such as `TreatMissingdata`, or it is newer than this program. Until then, what
it was meant to set isn't set.
Correct the spelling, or say `--allow K080` if AWS takes it.
Source: CloudFormation Template Reference."##,
    },
    Code {
        code: "K081",
        severity: Note,
        title: "a property without effect in kmswatch",
        explanation: r##"It changes something that exists only at AWS, such as tags or encryption at rest.
There is nothing to do. It is honoured where the template is deployed.
Source: docs/check.md."##,
    },
    Code {
        code: "K082",
        severity: Note,
        title: "a property that the plan doesn't know yet",
        explanation: r##"Terraform learns some values only when it applies the plan. Where such a value refers to
no resource of the plan, it can't be known here and is taken as absent.
Write the value out, or let it refer to the resource itself, if it matters here.
Source: Terraform, "JSON Output Format"."##,
    },
    Code {
        code: "K083",
        severity: Note,
        title: "a resource that kmswatch ignores",
        explanation: r##"It reads trails, log groups, metric filters, alarms, topics and subscriptions, understands
what AWS needs around them, and passes over the rest.
There is nothing to do. It is created where the template is deployed.
Source: docs/check.md."##,
    },
    Code {
        code: "K084",
        severity: Note,
        title: "a template in which there is nothing to look at",
        explanation: r##"It declares no trail, no metric filter and no alarm, or the conditions of all are false. A
check of it finds nothing because there is nothing to find.
Check whether it is the right file, and give the `--parameter` that its conditions ask
for.
Source: docs/check.md."##,
    },
    Code {
        code: "K085",
        severity: Note,
        title: "a value that isn't known, so that what depends on it isn't checked",
        explanation: r##"A parameter has no default, a value comes from another stack or from the Parameter Store,
or a macro writes part of the template. AWS learns it when the template is deployed.
`check` goes on without it. It reads resources whose condition depends on it as if they
were created, and keeps silent about what the value decides.
Give it with `--parameter Name=value` or `--import Name=value`.
Source: docs/check.md."##,
    },
    Code {
        code: "K086",
        severity: Warning,
        title: "a variable in a text that `Fn::Sub` doesn't look at",
        explanation: r##"Only `Fn::Sub` puts values into texts. Without it, `${Environment}-keys` is a name with a
dollar sign and braces in it, the same in each environment.
Write `!Sub "${Environment}-keys"`, or `{"Fn::Sub": "${Environment}-keys"}` in JSON.
Source: CloudFormation Template Reference, "Fn::Sub"."##,
    },
];
