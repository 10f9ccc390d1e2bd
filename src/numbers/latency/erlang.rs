//! The wait in a queue with several servers (A. K. Erlang, 1917).

/// More servers than this are reckoned as this many of them, each as much faster.
const MOST_SERVERS: f64 = 1e6;

/// How many standard deviations below the load the recurrence starts. What it starts from is forgotten by the factor
/// exp(−12² / 2) on the way up.
const FAR_BELOW: f64 = 12.0;

/// The probability that a request has to wait in M/M/c (Erlang C): `servers` whole, `utilisation` of all of them together,
/// below 1.
///
/// By the recurrence of Erlang B, 1/B(k) = 1 + k / (a B(k − 1)), which neither overflows nor cancels; then C = B / (1 − ρ (1 − B)).
pub fn probability_of_waiting(servers: f64, utilisation: f64) -> f64 {
    if utilisation <= 0.0 || servers.is_nan() || utilisation.is_nan() {
        return 0.0;
    }
    if utilisation >= 1.0 {
        return 1.0;
    }
    let servers = servers.clamp(1.0, MOST_SERVERS).floor();
    let offered = servers * utilisation;
    let start = (offered - FAR_BELOW * offered.sqrt()).floor().max(0.0);
    // Of k servers below the load, about 1 − k/a of the requests are refused.
    let mut blocked = 1.0 - start / offered;
    let mut server = start;
    while server < servers {
        server += 1.0;
        blocked = offered * blocked / (server + offered * blocked);
        if blocked < 1e-30 {
            return 0.0;
        }
    }
    blocked / (1.0 - utilisation * (1.0 - blocked))
}

#[cfg(test)]
mod tests {
    use super::probability_of_waiting;

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() <= 1e-9 * other.abs().max(1e-9), "{one} is not {other}");
    }

    #[test]
    fn one_server_makes_wait_while_it_works() {
        for utilisation in [0.001, 0.1, 0.5, 0.9, 0.999] {
            near(probability_of_waiting(1.0, utilisation), utilisation);
        }
    }

    #[test]
    fn two_servers_by_the_closed_form() {
        // C(2, ρ) = 2ρ² / (1 + ρ)
        for utilisation in [0.01, 0.3, 0.5, 0.9, 0.999] {
            near(
                probability_of_waiting(2.0, utilisation),
                2.0 * utilisation * utilisation / (1.0 + utilisation),
            );
        }
    }

    #[test]
    fn lengths_of_queues_as_published() {
        // Nine a second, five a second each: L. Green, Queueing Theory and Modeling; Lq = C ρ / (1 − ρ).
        let waiting = |servers: f64| {
            let utilisation = 9.0 / (5.0 * servers);
            probability_of_waiting(servers, utilisation) * utilisation / (1.0 - utilisation)
        };
        assert!((waiting(2.0) - 7.674).abs() < 5e-4, "{}", waiting(2.0));
        assert!((waiting(4.0) - 0.105).abs() < 5e-4, "{}", waiting(4.0));
    }

    /// Σ over states, in logarithms: the definition.
    #[test]
    fn many_servers_by_the_definition() {
        for (servers, utilisation) in [(3_u32, 0.7), (17, 0.95), (100, 0.8), (1000, 0.97), (5000, 0.99)] {
            let offered = f64::from(servers) * utilisation;
            let mut term = 0.0_f64;
            let mut logs = vec![0.0];
            for k in 1..=servers {
                term += (offered / f64::from(k)).ln();
                logs.push(term);
            }
            let largest = logs.iter().copied().fold(f64::MIN, f64::max);
            let below: f64 = logs[..servers as usize].iter().map(|log| (log - largest).exp()).sum();
            let all_busy = (logs[servers as usize] - largest).exp() / (1.0 - utilisation);
            let exact = all_busy / (below + all_busy);
            let got = probability_of_waiting(f64::from(servers), utilisation);
            assert!(
                (got - exact).abs() <= 1e-9 * exact.max(1e-12),
                "{servers}, {utilisation}: {got}, {exact}"
            );
        }
    }

    #[test]
    fn a_million_servers_and_more_end_in_a_probability() {
        for servers in [1e6, 1e9, 1e18, f64::INFINITY] {
            for utilisation in [1e-12, 0.5, 0.999_99, 1.0 - 1e-12] {
                let wait = probability_of_waiting(servers, utilisation);
                assert!((0.0..=1.0).contains(&wait), "{servers}, {utilisation}: {wait}");
            }
        }
    }
}
