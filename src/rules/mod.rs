//! The critique: rules that look at a design and say where it breaks.
//!
//! A rule returns facts about a design; severity, order, grouping and acceptance are decided here, points nowhere near.

mod accept;
mod at_most_once_for_kept_data;
mod availability_out_of_reach;
mod backup_beside_store;
mod backup_never_restored;
mod cache_loss_overloads_store;
mod cache_no_ttl;
mod cache_stampede;
mod consumer_not_idempotent;
mod control_plane_in_data_path;
mod datastore_public;
mod dual_write;
mod external_hard_dependency;
mod facts;
mod hot_partition;
mod lookup_without_index;
mod no_backup;
mod no_failover;
mod no_load_balancer;
mod no_monitoring;
mod no_rate_limit;
mod no_timeout;
mod precedence;
mod public_no_authn;
mod queue_no_consumer;
mod queue_no_dlq;
mod quorum_of_two;
mod retry_storm;
mod rpo_not_met;
mod scheduler_runs_twice;
mod spof_broker;
mod spof_cache_as_store;
mod spof_compute;
mod spof_datastore;
mod spof_zone;
mod stateful_service_scaled;
mod sync_chain_deep;
mod sync_cycle;
#[cfg(test)]
mod testing;
mod write_api_not_idempotent;
mod ws_lost_message_gap;
mod ws_no_cross_node_bus;

use std::cmp::Reverse;
use std::collections::HashSet;

use jiff::civil::Date;

pub use accept::Accepted;
pub use facts::{Calls, Facts};

use crate::design::Design;
use crate::diagnostic::{Diagnostic, Severity, Verdict};

/// One flaw that a design can have: what is said about it, and how it is seen.
pub struct Rule {
    /// Names the flaw, so that `allow ID` reads well.
    pub id: &'static str,
    /// When it is certain; a question about it is one lower.
    pub severity: Severity,
    /// Loses data, opens a hole, or stops everything from one ordinary fault: said before its equals.
    pub grave: bool,
    pub group: Group,
    /// One line for the list of all rules: what is wrong.
    pub summary: &'static str,
    /// What an interviewer asks where a design does not say; None for rules that only see what is drawn.
    pub question: Option<Question>,
    /// The attributes that its check looks at.
    pub reads: &'static [&'static str],
    pub page: Page,
    /// One finding for each place, in order of place. Unstated ones are gathered into one question afterwards.
    pub check: fn(&Facts) -> Vec<Diagnostic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    Availability,
    Data,
    Messaging,
    Caching,
    Api,
    Resilience,
    Scaling,
    Security,
    Realtime,
    Operations,
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Group::Availability => "availability",
            Group::Data => "data",
            Group::Messaging => "messaging",
            Group::Caching => "caching",
            Group::Api => "api",
            Group::Resilience => "resilience",
            Group::Scaling => "scaling",
            Group::Security => "security",
            Group::Realtime => "realtime",
            Group::Operations => "operations",
        }
    }
}

pub struct Question {
    /// Two words for the list: `timeouts`, `dead letters`.
    pub topic: &'static str,
    /// As a person asks it, about all nodes listed: `how long do they wait before giving up?`
    pub text: &'static str,
}

/// What `spof explain` prints of a rule.
pub struct Page {
    /// What it looks at, in a sentence or two.
    pub checks: &'static str,
    /// Exactly when it fires, and when it asks.
    pub when: &'static str,
    /// Why it fails in production.
    pub why: &'static str,
    /// A public outage that went this way, where one is verified.
    pub outage: Option<Outage>,
    /// A design that has the flaw, and the same without: they differ by what the fix says.
    pub bad: &'static str,
    pub good: &'static str,
    /// When it does not apply, and may be allowed.
    pub ignore: &'static str,
}

pub struct Outage {
    /// `GitLab, 2017`
    pub name: &'static str,
    /// One sentence that stays within what the report says.
    pub what: &'static str,
    pub link: &'static str,
}

/// Every rule, by group and then by name; the order decides nothing but the list's.
pub static ALL: &[&Rule] = &[
    &availability_out_of_reach::RULE,
    &backup_beside_store::RULE,
    &backup_never_restored::RULE,
    &control_plane_in_data_path::RULE,
    &external_hard_dependency::RULE,
    &no_failover::RULE,
    &no_load_balancer::RULE,
    &quorum_of_two::RULE,
    &rpo_not_met::RULE,
    &scheduler_runs_twice::RULE,
    &spof_broker::RULE,
    &spof_compute::RULE,
    &spof_datastore::RULE,
    &spof_zone::RULE,
    &dual_write::RULE,
    &lookup_without_index::RULE,
    &no_backup::RULE,
    &spof_cache_as_store::RULE,
    &at_most_once_for_kept_data::RULE,
    &consumer_not_idempotent::RULE,
    &queue_no_consumer::RULE,
    &queue_no_dlq::RULE,
    &cache_loss_overloads_store::RULE,
    &cache_no_ttl::RULE,
    &cache_stampede::RULE,
    &write_api_not_idempotent::RULE,
    &no_timeout::RULE,
    &retry_storm::RULE,
    &sync_chain_deep::RULE,
    &sync_cycle::RULE,
    &hot_partition::RULE,
    &stateful_service_scaled::RULE,
    &datastore_public::RULE,
    &no_rate_limit::RULE,
    &public_no_authn::RULE,
    &ws_lost_message_gap::RULE,
    &ws_no_cross_node_bus::RULE,
    &no_monitoring::RULE,
];

pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

/// What the rules have to say of a design.
#[derive(Debug, Default)]
pub struct Critique {
    /// The worst first.
    pub findings: Vec<Diagnostic>,
    /// Findings that the design accepts, with its reasons.
    pub accepted: Vec<Accepted>,
    /// Mistakes that only the rules can see: an `allow` of a rule that does not exist.
    pub mistakes: Vec<Diagnostic>,
}

/// Everything that the rules find, one finding for each place and flaw: nothing accepted, gathered or sorted yet.
pub fn find_all(design: &Design) -> Vec<Diagnostic> {
    let facts = Facts::new(design);
    precedence::apply(ALL.iter().flat_map(|rule| run(rule, &facts)).collect())
}

/// Runs every rule. `today` decides which `allow … until` still hold.
pub fn check(design: &Design, today: Date) -> Critique {
    let mut critique = accept::accept(design, find_all(design), today);
    critique.findings = gather(critique.findings);
    critique.findings.sort_by_key(|finding| {
        let grave = find(finding.code).is_some_and(|rule| rule.grave);
        let reach = Reverse(finding.flows.len());
        let worst = (Reverse(finding.severity), finding.verdict, Reverse(grave), reach);
        (worst, finding.at.span, finding.code)
    });
    critique
}

/// One rule's findings, stamped with its name and severity, not yet gathered.
fn run(rule: &Rule, facts: &Facts) -> Vec<Diagnostic> {
    let mut found = (rule.check)(facts);
    for finding in &mut found {
        let severity = match finding.verdict {
            Verdict::Wrong => rule.severity,
            Verdict::Unstated => rule.severity.lowered(),
        };
        finding.code = rule.id;
        finding.severity = finding.severity.min(severity);
    }
    found
}

/// Makes one question of all that one rule found unstated: the same eight times over teaches nothing.
fn gather(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut out: Vec<Diagnostic> = Vec::new();
    let mut asked: Vec<(&str, usize)> = Vec::new();
    for mut finding in found {
        if finding.verdict == Verdict::Wrong {
            out.push(finding);
            continue;
        }
        let Some(question) = find(finding.code).and_then(|rule| rule.question.as_ref()) else {
            out.push(finding);
            continue;
        };
        match asked.iter().find(|(code, _)| *code == finding.code) {
            None => {
                asked.push((finding.code, out.len()));
                if finding.question.is_empty() {
                    finding.question = question.text.to_string();
                }
                out.push(finding);
            }
            Some(&(_, at)) => {
                let first = &mut out[at];
                first.question = question.text.to_string();
                first.labels.push(finding.at);
                first.nodes.extend(finding.nodes);
                first.hops.extend(finding.hops);
                first.flows.extend(finding.flows);
                first.evidence.extend(finding.evidence);
                first.severity = first.severity.max(finding.severity);
                first.message = format!("{} is not said: {}", question.topic, question.text);
            }
        }
    }
    for (_, at) in asked {
        let question = &mut out[at];
        keep_first(&mut question.nodes);
        keep_first(&mut question.hops);
        keep_first(&mut question.flows);
        keep_first(&mut question.evidence);
    }
    out
}

/// Keeps the first of each, in order.
fn keep_first<T: Clone + Eq + std::hash::Hash>(all: &mut Vec<T>) {
    let mut seen = HashSet::new();
    all.retain(|one| seen.insert(one.clone()));
}
