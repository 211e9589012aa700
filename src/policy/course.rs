//! The way of one request through failures: again in the same group, on with another, or no further.
//!
//! A [`Course`] is told of every attempt that failed, with a [`View`] of what is known at that moment, and gives the one verdict
//! there is. It holds no clock and asks nobody.

use core::time::Duration;
use std::collections::VecDeque;

use super::{Chains, Failure, Hop, Retries, Verdict};
use crate::canonical::error::Class;
use crate::value::rng::Rng;

/// The longest wait that a provider may ask for. Who asks for more is not waited for.
const LONGEST_ASKED: Duration = Duration::from_secs(60);
/// How long limits are waited for: half a second at most at first, eight at most at last.
const SLOWLY: Pace = Pace {
    first_ms: 500,
    most_ms: 8_000,
};
/// How long anything else that passes is waited for.
const SOON: Pace = Pace {
    first_ms: 250,
    most_ms: 2_000,
};

/// What is known of a request when it begins.
#[derive(Clone, Debug)]
pub struct Start {
    /// The group asked for.
    pub hop: Hop,
    /// How often the request itself wants a group to be tried again; it counts before all else.
    pub retries: Option<u32>,
    /// Where the request itself wants to go on.
    pub chains: OwnChains,
    /// Whether it may go on at all: the request's `disable_fallbacks`.
    pub no_fallbacks: bool,
    /// How many groups it may go on to in all.
    pub max_fallbacks: u32,
    /// The shortest wait there is: `retry_after`. What is done at once is no wait.
    pub floor: Duration,
}

/// The chains that a request brings along. Each takes the place of those of all groups; `None` leaves them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnChains {
    /// Instead of [`Chains::content_policy`].
    pub content_policy: Option<Vec<Hop>>,
    /// Instead of [`Chains::context_window`].
    pub context_window: Option<Vec<Hop>>,
    /// Instead of [`Chains::general`].
    pub general: Option<Vec<Hop>>,
}

/// What is known when an attempt has failed.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// How often the present group is tried again.
    pub retries: &'a Retries,
    /// The number of the deployment that failed, if it has one of its own.
    pub deployment_retries: Option<u32>,
    /// Where the present group's requests go.
    pub chains: &'a Chains,
    /// Healthy deployments of the present group that this request has not tried in vain yet.
    pub others: usize,
    /// Whether the retry budget lets the present group be tried again now.
    pub budget: bool,
    /// The time until the request must be answered, if there is a limit.
    pub left: Option<Duration>,
    /// Whether no deployment of the present group could even be asked.
    pub stuck: bool,
}

/// The way of one request so far.
#[derive(Clone, Debug)]
pub struct Course {
    /// Where it may go on, the next first.
    ahead: VecDeque<Hop>,
    /// Where it has been before.
    behind: Vec<Hop>,
    /// What was done in the present group.
    here: Here,
    /// Where it is.
    hop: Hop,
    /// Where it may go on when there is nothing ahead any more: what is there for every group.
    last: VecDeque<Hop>,
    retries: u32,
    start: Start,
}

#[derive(Clone, Copy, Debug, Default)]
struct Here {
    /// Whether a failure was tried again only because its provider said so.
    obeyed: bool,
    retries: u32,
    waits: u32,
}

impl Course {
    /// The course of a request that nothing has happened to yet.
    #[must_use]
    pub fn new(start: Start) -> Self {
        Self {
            ahead: VecDeque::new(),
            behind: Vec::new(),
            here: Here::default(),
            hop: start.hop.clone(),
            last: VecDeque::new(),
            retries: 0,
            start,
        }
    }

    /// What is to be done about a failed attempt at the present group. The present group is the verdict's from then on.
    pub fn failed(&mut self, failure: &Failure, view: &View<'_>, rng: &mut Rng) -> Verdict {
        if view.left.is_some_and(|left| left.is_zero()) {
            return Verdict::GiveUp;
        }
        // Another group is other providers: asking them multiplies nothing, and is what they are there for in an outage.
        if view.budget
            && let Some(after) = self.again(failure, view, rng)
        {
            self.here.retries = self.here.retries.saturating_add(1);
            self.retries = self.retries.saturating_add(1);
            return Verdict::Retry { after };
        }
        self.fall_back(failure.class, view.chains)
    }

    /// The present group.
    #[must_use]
    pub const fn hop(&self) -> &Hop {
        &self.hop
    }

    /// How often a group was tried again so far, over all groups.
    #[must_use]
    pub const fn retries(&self) -> u32 {
        self.retries
    }

    /// How many groups it went on to so far.
    #[must_use]
    pub fn fallbacks(&self) -> u32 {
        u32::try_from(self.behind.len()).unwrap_or(u32::MAX)
    }

    /// When the present group is tried again; `None` if it is not.
    fn again(&mut self, failure: &Failure, view: &View<'_>, rng: &mut Rng) -> Option<Duration> {
        let policy = view.retries.by_class.get(failure.class);
        let number = self.start.retries.or(policy).or(view.deployment_retries);
        if view.stuck || self.here.retries >= number.unwrap_or(view.retries.number) {
            return None;
        }
        let named = policy.is_some_and(|number| number > 0);
        let pace = match remedy(failure.class) {
            // The provider speaks of the credential or the model that failed, and another deployment has others.
            Remedy::Elsewhere => None,
            Remedy::Nothing | Remedy::Time(_) if failure.should_retry == Some(false) => {
                return None;
            }
            Remedy::Nothing if !named && !self.obeys(failure) => return None,
            Remedy::Nothing => Some(SOON),
            Remedy::Time(pace) => Some(pace),
        };
        if view.others > 0 {
            return Some(Duration::ZERO);
        }
        self.wait(pace?, failure.retry_after, view.left, rng)
    }

    /// Whether the provider wants what the policy does not. Once in each group it has its way.
    fn obeys(&mut self, failure: &Failure) -> bool {
        failure.should_retry == Some(true) && !core::mem::replace(&mut self.here.obeyed, true)
    }

    /// How long to wait; `None` when that is too long. A time that the provider names is waited in full, and a random one on top,
    /// so that those it has told the same do not all come back at once.
    fn wait(
        &mut self,
        pace: Pace,
        asked: Option<Duration>,
        left: Option<Duration>,
        rng: &mut Rng,
    ) -> Option<Duration> {
        let asked = asked.unwrap_or_default();
        if asked > LONGEST_ASKED {
            return None;
        }
        let random_ms = rng.below(pace.most_ms_of(self.here.waits).saturating_add(1));
        let wait = asked.saturating_add(Duration::from_millis(random_ms));
        let wait = wait.max(self.start.floor);
        if left.is_some_and(|left| wait >= left) {
            return None;
        }
        self.here.waits = self.here.waits.saturating_add(1);
        Some(wait)
    }

    /// Goes on with the next group: the present one's own chain comes before the rest of those that led to it, and what is there for
    /// every group after all of them. A request that is wrong for one model may be right for another, so no failure is without a
    /// chain.
    fn fall_back(&mut self, class: Class, chains: &Chains) -> Verdict {
        if self.start.no_fallbacks || self.fallbacks() >= self.start.max_fallbacks {
            return Verdict::GiveUp;
        }
        self.look_ahead(class, chains);
        while let Some(hop) = self.ahead.pop_front().or_else(|| self.last.pop_front()) {
            if hop != self.hop && !self.behind.contains(&hop) {
                self.behind
                    .push(core::mem::replace(&mut self.hop, hop.clone()));
                self.here = Here::default();
                return Verdict::FallBack(hop);
            }
        }
        Verdict::GiveUp
    }

    fn look_ahead(&mut self, class: Class, chains: &Chains) {
        let own = &self.start.chains;
        let specific = match class {
            Class::ContentFilter => either(&own.content_policy, &chains.content_policy),
            // A body that is too large is a prompt that is too long, measured in bytes.
            Class::ContextLength | Class::TooLarge => {
                either(&own.context_window, &chains.context_window)
            }
            Class::Auth
            | Class::BadRequest
            | Class::Connection
            | Class::Malformed
            | Class::NotFound
            | Class::Overloaded
            | Class::Permission
            | Class::Quota
            | Class::RateLimit
            | Class::Server
            | Class::Timeout
            | Class::Truncated => &[],
        };
        let at = chains.general.len().saturating_sub(chains.defaults);
        let (listed, default) = chains.general.split_at_checked(at).unwrap_or_default();
        let (general, default) = match &own.general {
            Some(own) => (own.as_slice(), &[][..]),
            None => (listed, default),
        };
        for hop in specific.iter().chain(general).rev() {
            self.ahead.push_front(hop.clone());
        }
        self.last.extend(default.iter().cloned());
    }
}

fn either<'c>(own: &'c Option<Vec<Hop>>, group: &'c [Hop]) -> &'c [Hop] {
    own.as_deref().unwrap_or(group)
}

/// What may help against a failure within the group.
enum Remedy {
    /// Another deployment, and never the same: its credential or its model is at fault.
    Elsewhere,
    /// Nothing: the request is at fault, and fails everywhere in the group. A policy that names the failure, or the provider,
    /// may know better.
    Nothing,
    /// Another deployment, or the same after a while.
    Time(Pace),
}

const fn remedy(class: Class) -> Remedy {
    match class {
        Class::Auth | Class::NotFound | Class::Permission | Class::Quota => Remedy::Elsewhere,
        Class::BadRequest | Class::ContentFilter | Class::ContextLength | Class::TooLarge => {
            Remedy::Nothing
        }
        Class::Connection
        | Class::Malformed
        | Class::Overloaded
        | Class::Server
        | Class::Timeout
        | Class::Truncated => Remedy::Time(SOON),
        Class::RateLimit => Remedy::Time(SLOWLY),
    }
}

/// Exponential back-off with full jitter: each wait is a random one of up to twice the length of the one before.
#[derive(Clone, Copy)]
struct Pace {
    first_ms: u64,
    most_ms: u64,
}

impl Pace {
    /// How long a wait may be at most, after so many others.
    fn most_ms_of(self, waits: u32) -> u64 {
        let doubled = self.first_ms.saturating_mul(2_u64.saturating_pow(waits));
        doubled.min(self.most_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PerClass;

    const ALL: [Class; 15] = [
        Class::Auth,
        Class::BadRequest,
        Class::Connection,
        Class::ContentFilter,
        Class::ContextLength,
        Class::Malformed,
        Class::NotFound,
        Class::Overloaded,
        Class::Permission,
        Class::Quota,
        Class::RateLimit,
        Class::Server,
        Class::Timeout,
        Class::TooLarge,
        Class::Truncated,
    ];
    const PASSING: [Class; 6] = [
        Class::Connection,
        Class::Malformed,
        Class::Overloaded,
        Class::Server,
        Class::Timeout,
        Class::Truncated,
    ];
    const AT_ONCE: Verdict = Verdict::Retry {
        after: Duration::ZERO,
    };

    fn hop(group: usize) -> Hop {
        Hop {
            group,
            model: format!("m{group}"),
        }
    }

    #[test]
    fn what_is_there_for_every_group_comes_after_all_that_is_listed() {
        let with_default = |general: Vec<Hop>, defaults| Chains {
            defaults,
            general,
            ..Chains::default()
        };
        let (first, second) = (with_default(hops([1, 2, 9]), 1), with_default(hops([9]), 1));
        let mut course = Course::new(start());
        let retries = Retries {
            by_class: PerClass::default(),
            number: 0,
        };
        let mut next = |chains: &Chains| {
            let view = View {
                retries: &retries,
                deployment_retries: None,
                chains,
                others: 0,
                budget: true,
                left: None,
                stuck: false,
            };
            let failure = Failure {
                class: Class::Server,
                retry_after: None,
                should_retry: None,
            };
            course.failed(&failure, &view, &mut Rng::new(1))
        };
        assert_eq!(next(&first), Verdict::FallBack(hop(1)));
        assert_eq!(next(&second), Verdict::FallBack(hop(2)));
        assert_eq!(next(&second), Verdict::FallBack(hop(9)));
        assert_eq!(next(&second), Verdict::GiveUp);
    }

    fn hops<const N: usize>(groups: [usize; N]) -> Vec<Hop> {
        groups.map(hop).to_vec()
    }

    fn start() -> Start {
        Start {
            hop: hop(0),
            retries: None,
            chains: OwnChains::default(),
            no_fallbacks: false,
            max_fallbacks: 5,
            floor: Duration::ZERO,
        }
    }

    fn failure(class: Class) -> Failure {
        Failure {
            class,
            retry_after: None,
            should_retry: None,
        }
    }

    /// A group with its retries and chains, and what a view of it says.
    #[derive(Clone)]
    struct Scene {
        retries: Retries,
        deployment_retries: Option<u32>,
        chains: Chains,
        others: usize,
        budget: bool,
        left: Option<Duration>,
        stuck: bool,
    }

    impl Scene {
        fn view(&self) -> View<'_> {
            View {
                retries: &self.retries,
                deployment_retries: self.deployment_retries,
                chains: &self.chains,
                others: self.others,
                budget: self.budget,
                left: self.left,
                stuck: self.stuck,
            }
        }
    }

    /// Two retries, no chains, no other deployment.
    fn scene() -> Scene {
        Scene {
            retries: Retries {
                by_class: PerClass::default(),
                number: 2,
            },
            deployment_retries: None,
            chains: Chains::default(),
            others: 0,
            budget: true,
            left: None,
            stuck: false,
        }
    }

    fn with_others() -> Scene {
        Scene {
            others: 9,
            ..scene()
        }
    }

    fn general<const N: usize>(groups: [usize; N]) -> Chains {
        Chains {
            general: hops(groups),
            ..Chains::default()
        }
    }

    /// The verdicts on the same failure over and over, up to the one that is no retry.
    fn verdicts(start: Start, failure: &Failure, scene: &Scene, seed: u64) -> Vec<Verdict> {
        let (mut course, mut rng) = (Course::new(start), Rng::new(seed));
        let mut verdicts = Vec::new();
        loop {
            let verdict = course.failed(failure, &scene.view(), &mut rng);
            let ends = !matches!(verdict, Verdict::Retry { .. });
            verdicts.push(verdict);
            assert!(verdicts.len() < 100, "it never ends");
            if ends {
                return verdicts;
            }
        }
    }

    fn retries(start: Start, class: Class, scene: &Scene) -> usize {
        verdicts(start, &failure(class), scene, 1).len() - 1
    }

    fn waits(start: Start, failure: &Failure, scene: &Scene, seed: u64) -> Vec<Duration> {
        let verdicts = verdicts(start, failure, scene, seed);
        let wait = |verdict: &Verdict| match verdict {
            Verdict::Retry { after } => Some(*after),
            Verdict::FallBack(_) | Verdict::GiveUp => None,
        };
        verdicts.iter().filter_map(wait).collect()
    }

    /// Where it goes on each time it fails for good.
    fn path(start: Start, class: Class, chains: impl Fn(usize) -> Chains) -> Vec<usize> {
        let (mut course, mut rng) = (Course::new(start), Rng::new(1));
        let mut path = Vec::new();
        loop {
            let scene = Scene {
                chains: chains(course.hop().group),
                stuck: true,
                ..scene()
            };
            match course.failed(&failure(class), &scene.view(), &mut rng) {
                Verdict::FallBack(hop) => path.push(hop.group),
                Verdict::GiveUp => return path,
                Verdict::Retry { .. } => panic!("a group nobody could be asked of"),
            }
        }
    }

    #[test]
    fn the_number_of_retries_is_the_requests_else_the_policys_else_the_deployments_else_the_groups()
    {
        let mut scene = with_others();
        assert_eq!(retries(start(), Class::Server, &scene), 2);
        scene.deployment_retries = Some(3);
        assert_eq!(retries(start(), Class::Server, &scene), 3);
        scene.retries.by_class = PerClass(vec![(Class::Server, 4)]);
        assert_eq!(retries(start(), Class::Server, &scene), 4);
        assert_eq!(retries(start(), Class::Timeout, &scene), 3);
        let asks = |number| Start {
            retries: Some(number),
            ..start()
        };
        assert_eq!(retries(asks(5), Class::Server, &scene), 5);
        assert_eq!(retries(asks(0), Class::Server, &scene), 0);
    }

    #[test]
    fn retries_are_counted_over_all_failures_of_a_group_and_anew_in_the_next() {
        let scene = Scene {
            chains: general([1]),
            ..with_others()
        };
        let (mut course, mut rng) = (Course::new(start()), Rng::new(1));
        let mut fail = |class| course.failed(&failure(class), &scene.view(), &mut rng);
        for class in [Class::Server, Class::RateLimit] {
            assert_eq!(fail(class), AT_ONCE);
        }
        assert_eq!(fail(Class::Auth), Verdict::FallBack(hop(1)));
        assert_eq!((fail(Class::Server), fail(Class::Auth)), (AT_ONCE, AT_ONCE));
        assert_eq!(fail(Class::Server), Verdict::GiveUp);
        assert_eq!((course.retries(), course.fallbacks()), (4, 1));
    }

    #[test]
    fn what_passes_is_tried_again_at_once_where_another_deployment_is_healthy() {
        for class in PASSING.into_iter().chain([Class::RateLimit]) {
            let verdicts = verdicts(start(), &failure(class), &with_others(), 1);
            assert_eq!(verdicts, [AT_ONCE, AT_ONCE, Verdict::GiveUp], "{class:?}");
        }
    }

    #[test]
    fn without_another_deployment_waits_are_random_up_to_twice_as_much_each_time() {
        let start = || Start {
            retries: Some(7),
            ..start()
        };
        for (class, most_ms) in [
            (
                Class::RateLimit,
                [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000],
            ),
            (Class::Server, [250, 500, 1_000, 2_000, 2_000, 2_000, 2_000]),
        ] {
            let mut longest = [0; 7];
            for seed in 0..500 {
                let waits = waits(start(), &failure(class), &scene(), seed);
                for (wait, longest) in waits.iter().zip(&mut longest) {
                    *longest = wait.as_millis().max(*longest);
                }
            }
            for (longest, most_ms) in longest.into_iter().zip(most_ms) {
                assert!(
                    (most_ms * 95 / 100..=most_ms).contains(&longest),
                    "{class:?}: {longest} of {most_ms}"
                );
            }
        }
    }

    #[test]
    fn only_waits_lengthen_the_next_wait() {
        let mut scene = with_others();
        let (mut course, mut rng) = (Course::new(start()), Rng::new(1));
        let mut failed =
            |scene: &Scene| course.failed(&failure(Class::RateLimit), &scene.view(), &mut rng);
        assert_eq!(failed(&scene), AT_ONCE);
        scene.others = 0;
        let Verdict::Retry { after } = failed(&scene) else {
            panic!("two retries");
        };
        assert!(after <= Duration::from_millis(500), "{after:?}");
    }

    #[test]
    fn a_wait_the_provider_asks_for_is_waited_in_full_but_not_beyond_a_minute() {
        let asked = |seconds| Failure {
            retry_after: Some(Duration::from_secs(seconds)),
            ..failure(Class::RateLimit)
        };
        for seed in 0..100 {
            let waits = waits(start(), &asked(60), &scene(), seed);
            assert_eq!(waits.len(), 2);
            assert!(
                waits.iter().all(|wait| (60..=61).contains(&wait.as_secs())),
                "{waits:?}"
            );
        }
        let scene = Scene {
            chains: general([1]),
            ..scene()
        };
        assert_eq!(
            verdicts(start(), &asked(61), &scene, 1),
            [Verdict::FallBack(hop(1))]
        );
        assert_eq!(verdicts(start(), &asked(61), &with_others(), 1)[0], AT_ONCE);
    }

    #[test]
    fn no_wait_is_shorter_than_retry_after_and_none_follows_the_last_attempt() {
        let start = Start {
            floor: Duration::from_secs(20),
            ..start()
        };
        let twenty = Verdict::Retry {
            after: Duration::from_secs(20),
        };
        let verdicts = verdicts(start, &failure(Class::RateLimit), &scene(), 1);
        assert_eq!(verdicts, [twenty.clone(), twenty, Verdict::GiveUp]);
    }

    #[test]
    fn what_is_done_at_once_is_done_whatever_retry_after_says() {
        let start = Start {
            floor: Duration::from_secs(20),
            ..start()
        };
        assert_eq!(
            verdicts(start, &failure(Class::Server), &with_others(), 1)[0],
            AT_ONCE
        );
    }

    #[test]
    fn a_wait_that_would_outlast_the_request_is_not_begun() {
        let start = Start {
            floor: Duration::from_secs(3),
            ..start()
        };
        let mut scene = Scene {
            left: Some(Duration::from_secs(3)),
            chains: general([1]),
            ..scene()
        };
        let first =
            |scene: &Scene| verdicts(start.clone(), &failure(Class::Server), scene, 1)[0].clone();
        assert_eq!(first(&scene), Verdict::FallBack(hop(1)));
        scene.left = Some(Duration::from_secs(4));
        assert!(matches!(first(&scene), Verdict::Retry { .. }));
    }

    #[test]
    fn a_bad_credential_or_an_unknown_model_is_tried_elsewhere_and_never_again() {
        for class in [
            Class::Auth,
            Class::NotFound,
            Class::Permission,
            Class::Quota,
        ] {
            let mut scene = Scene {
                chains: general([1]),
                ..scene()
            };
            let told = Failure {
                retry_after: Some(Duration::from_secs(1)),
                ..failure(class)
            };
            assert_eq!(
                verdicts(start(), &told, &scene, 1),
                [Verdict::FallBack(hop(1))],
                "{class:?}"
            );
            scene.retries.by_class = PerClass(vec![(class, 3)]);
            assert_eq!(
                verdicts(start(), &told, &scene, 1),
                [Verdict::FallBack(hop(1))],
                "{class:?}"
            );
            scene.others = 1;
            assert_eq!(verdicts(start(), &told, &scene, 1)[0], AT_ONCE, "{class:?}");
        }
    }

    #[test]
    fn a_request_at_fault_is_tried_again_only_where_a_policy_says_so() {
        for class in [
            Class::BadRequest,
            Class::ContentFilter,
            Class::ContextLength,
            Class::TooLarge,
        ] {
            let mut scene = with_others();
            let asks = Start {
                retries: Some(3),
                ..start()
            };
            assert_eq!(retries(asks.clone(), class, &scene), 0, "{class:?}");
            scene.retries.by_class = PerClass(vec![(class, 1)]);
            assert_eq!(retries(start(), class, &scene), 1, "{class:?}");
            assert_eq!(retries(asks, class, &scene), 3, "{class:?}");
        }
    }

    #[test]
    fn a_provider_that_says_no_is_not_asked_again_and_one_that_says_yes_is_once() {
        let told = |class, should_retry| Failure {
            should_retry: Some(should_retry),
            ..failure(class)
        };
        for class in PASSING.into_iter().chain([Class::RateLimit]) {
            let scene = Scene {
                chains: general([1]),
                ..with_others()
            };
            assert_eq!(
                verdicts(start(), &told(class, false), &scene, 1),
                [Verdict::FallBack(hop(1))]
            );
            assert_eq!(waits(start(), &told(class, true), &scene, 1).len(), 2);
        }
        let count = |should_retry| {
            waits(start(), &told(Class::BadRequest, should_retry), &scene(), 1).len()
        };
        assert_eq!((count(false), count(true)), (0, 1));
        assert_eq!(
            verdicts(start(), &told(Class::Quota, false), &with_others(), 1)[0],
            AT_ONCE
        );
    }

    #[test]
    fn a_group_nobody_could_be_asked_of_is_left_at_once() {
        let scene = Scene {
            chains: general([1]),
            stuck: true,
            ..with_others()
        };
        for class in ALL {
            assert_eq!(
                verdicts(start(), &failure(class), &scene, 1),
                [Verdict::FallBack(hop(1))]
            );
        }
    }

    #[test]
    fn without_budget_no_group_is_tried_again_and_the_next_is_asked_all_the_same() {
        let poor = Scene {
            budget: false,
            chains: general([1]),
            ..with_others()
        };
        for class in ALL {
            assert_eq!(
                verdicts(start(), &failure(class), &poor, 1),
                [Verdict::FallBack(hop(1))]
            );
        }
    }

    #[test]
    fn nothing_is_tried_without_time() {
        let late = Scene {
            left: Some(Duration::ZERO),
            chains: general([1]),
            ..with_others()
        };
        for class in ALL {
            assert_eq!(
                verdicts(start(), &failure(class), &late, 1),
                [Verdict::GiveUp]
            );
        }
    }

    #[test]
    fn a_special_chain_comes_before_the_general_one() {
        let chains = |group| match group {
            0 => Chains {
                defaults: 0,
                content_policy: hops([1]),
                context_window: hops([2]),
                general: hops([3, 4]),
            },
            _ => Chains::default(),
        };
        for class in ALL {
            let expected = match class {
                Class::ContentFilter => vec![1, 3, 4],
                Class::ContextLength | Class::TooLarge => vec![2, 3, 4],
                _ => vec![3, 4],
            };
            assert_eq!(path(start(), class, chains), expected, "{class:?}");
        }
    }

    #[test]
    fn the_chain_of_a_group_that_fails_on_the_way_comes_before_the_rest() {
        let chains = |group| match group {
            0 => general([1, 2]),
            1 => general([3, 0]),
            3 => general([1, 4]),
            _ => Chains::default(),
        };
        assert_eq!(path(start(), Class::Server, chains), [1, 3, 4, 2]);
    }

    #[test]
    fn no_more_groups_are_tried_than_allowed() {
        let chains = |group| general([group + 1]);
        assert_eq!(path(start(), Class::Server, chains), [1, 2, 3, 4, 5]);
        let none = Start {
            no_fallbacks: true,
            ..start()
        };
        assert!(path(none, Class::Server, chains).is_empty());
    }

    #[test]
    fn a_requests_own_chain_takes_the_place_of_those_of_its_kind() {
        let chains = |group| Chains {
            context_window: hops([10 + group]),
            ..general([20 + group])
        };
        let own = |groups: &[usize]| Start {
            chains: OwnChains {
                general: Some(groups.iter().copied().map(hop).collect()),
                ..OwnChains::default()
            },
            max_fallbacks: 3,
            ..start()
        };
        assert_eq!(path(own(&[1, 2]), Class::Server, chains), [1, 2]);
        assert_eq!(
            path(own(&[1, 2]), Class::ContextLength, chains),
            [10, 20, 30]
        );
        assert!(path(own(&[]), Class::Server, chains).is_empty());
    }

    #[test]
    fn whatever_fails_it_ends_in_time_and_goes_nowhere_twice() {
        for seed in 0..3_000 {
            let mut chance = Rng::new(seed);
            let start = Start {
                retries: Some(chance.below(5))
                    .filter(|number| *number < 4)
                    .map(|number| number as u32),
                max_fallbacks: chance.below(6) as u32,
                floor: Duration::from_millis(chance.below(5_000)),
                ..start()
            };
            let most = (1 + start.max_fallbacks) * (1 + start.retries.unwrap_or(6));
            let (mut course, mut rng) = (Course::new(start.clone()), Rng::new(seed));
            let (mut attempts, mut been) = (1, vec![hop(0)]);
            loop {
                let scene = random_scene(&mut chance);
                match course.failed(&random_failure(&mut chance), &scene.view(), &mut rng) {
                    Verdict::FallBack(hop) => {
                        assert!(!been.contains(&hop), "seed {seed}: {hop:?} twice");
                        assert_eq!(course.hop(), &hop);
                        been.push(hop);
                    }
                    Verdict::GiveUp => break,
                    Verdict::Retry { after } => {
                        assert!(after.is_zero() == (scene.others > 0) || start.floor.is_zero());
                        assert!(after.is_zero() || after >= start.floor, "seed {seed}");
                        assert!(scene.left.is_none_or(|left| after < left), "seed {seed}");
                    }
                }
                attempts += 1;
                assert!(
                    attempts <= most,
                    "seed {seed}: {attempts} attempts of {most}"
                );
            }
            assert_eq!(attempts, 1 + course.retries() + course.fallbacks());
        }
    }

    fn random_failure(chance: &mut Rng) -> Failure {
        Failure {
            class: ALL[chance.below(15) as usize],
            retry_after: Some(Duration::from_millis(chance.below(90_000)))
                .filter(|wait| wait.as_secs() < 70),
            should_retry: [None, None, Some(true), Some(false)][chance.below(4) as usize],
        }
    }

    fn random_scene(chance: &mut Rng) -> Scene {
        let mut hops = || {
            (0..chance.below(4))
                .map(|_| hop(chance.below(9) as usize))
                .collect()
        };
        let chains = Chains {
            defaults: 0,
            content_policy: hops(),
            context_window: hops(),
            general: hops(),
        };
        Scene {
            retries: Retries {
                by_class: PerClass(vec![(
                    ALL[chance.below(15) as usize],
                    chance.below(7) as u32,
                )]),
                number: chance.below(7) as u32,
            },
            deployment_retries: Some(chance.below(9) as u32).filter(|number| *number < 7),
            chains,
            others: chance.below(3) as usize,
            budget: chance.below(20) > 0,
            left: Some(Duration::from_millis(chance.below(20_000)))
                .filter(|left| left.as_secs() < 10),
            stuck: chance.below(5) == 0,
        }
    }
}
