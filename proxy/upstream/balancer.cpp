#include "proxy/upstream/balancer.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace switchyard::upstream {
namespace {

using Kind = config::Balance::Kind;

constexpr double kSlowStartFloor = 0.1;  // a returned endpoint starts with a tenth of its weight
constexpr double kBoundedLoad = 1.25;
constexpr double kAnyLoad = std::numeric_limits<double>::infinity();

// One request's look at the endpoints: which may be chosen, with which weight.
struct Candidates {
    const Upstream& upstream;
    const ChoiceInput& input;
    bool backups = false;
    bool panic = false;

    bool may(std::uint32_t i) const {
        const Endpoint& e = upstream.endpoints[i];
        if (e.backup != backups || e.wanted != config::EndpointState::up || e.weight == 0) return false;
        if (!e.state->takes_requests() && !input.all_down && !(panic && e.state->takes_requests_if_ejected()))
            return false;
        for (auto t : input.tried)
            if (t == i) return false;
        return true;
    }
    bool full(std::uint32_t i) const {
        const Endpoint& e = upstream.endpoints[i];
        return e.max_connections != 0 && e.state->in_flight.load(std::memory_order_relaxed) >= e.max_connections;
    }
    double weight(std::uint32_t i) const {
        const Endpoint& e = upstream.endpoints[i];
        if (upstream.slow_start_ms == 0) return e.weight;
        const auto since = e.state->up_since_ms.load(std::memory_order_relaxed);
        if (since == 0) return e.weight;  // never was down
        const double part =
            static_cast<double>(input.now_us / 1000 - since) / static_cast<double>(upstream.slow_start_ms);
        return part >= 1 ? e.weight : e.weight * std::max(kSlowStartFloor, part);
    }
    std::uint32_t in_flight(std::uint32_t i) const {
        return upstream.endpoints[i].state->in_flight.load(std::memory_order_relaxed);
    }
};

bool count_in(const Endpoint& endpoint) {
    const auto before = endpoint.state->in_flight.fetch_add(1, std::memory_order_relaxed);
    if (endpoint.max_connections == 0 || before < endpoint.max_connections) return true;
    endpoint.state->in_flight.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

// Smooth weighted round robin over what is eligible now.
int pick_round_robin(const Candidates& from, EndpointTable& table) {
    int best = -1;
    std::int64_t total = 0, best_current = 0;
    for (std::uint32_t i = 0; i < from.upstream.endpoints.size(); ++i) {
        if (!from.may(i) || from.full(i)) continue;
        // Thousandths, so that slow start's fractions count.
        const auto weight = static_cast<std::int64_t>(from.weight(i) * 1000);
        auto& current = table.local(from.upstream.endpoints[i]).wrr_current;
        current += weight;
        total += weight;
        if (best < 0 || current > best_current) best = static_cast<int>(i), best_current = current;
    }
    if (best >= 0) table.local(from.upstream.endpoints[static_cast<std::size_t>(best)]).wrr_current -= total;
    return best;
}

// The smallest cost among all that are eligible; ties go to a random one, so that workers do not march in step.
template <class Cost>
int pick_least(const Candidates& from, Random& random, Cost cost) {
    int best = -1;
    double best_cost = 0;
    std::uint32_t ties = 0;
    for (std::uint32_t i = 0; i < from.upstream.endpoints.size(); ++i) {
        if (!from.may(i) || from.full(i)) continue;
        const double c = cost(i);
        if (best < 0 || c < best_cost) {
            best = static_cast<int>(i), best_cost = c, ties = 1;
        } else if (c == best_cost && random.below(++ties) == 0) {
            best = static_cast<int>(i);
        }
    }
    return best;
}

// Two distinct random ones, the cheaper of them. A few draws miss when many are out; then everyone is looked at.
template <class Cost>
int pick_two(const Candidates& from, Random& random, Cost cost) {
    const auto n = static_cast<std::uint32_t>(from.upstream.endpoints.size());
    if (n > 2) {
        for (int draw = 0; draw < 8; ++draw) {
            const std::uint32_t a = random.below(n);
            std::uint32_t b = random.below(n - 1);
            if (b >= a) ++b;
            if (!from.may(a) || !from.may(b) || from.full(a) || from.full(b)) continue;
            return static_cast<int>(cost(b) < cost(a) ? b : a);
        }
    }
    return pick_least(from, random, cost);
}

// Weighted rendezvous: the highest -w / ln(u).
int pick_rendezvous(const Candidates& from, std::uint64_t key) {
    int best = -1;
    double best_score = 0;
    for (std::uint32_t i = 0; i < from.upstream.endpoints.size(); ++i) {
        if (!from.may(i) || from.full(i)) continue;
        const auto& text = from.upstream.endpoints[i].text;
        const std::uint64_t h = XXH3_64bits_withSeed(text.data(), text.size(), key);
        const double u = (static_cast<double>(h >> 11) + 0.5) / 9007199254740992.0;
        const double score = from.upstream.endpoints[i].weight / -std::log(u);
        if (best < 0 || score > best_score) best = static_cast<int>(i), best_score = score;
    }
    return best;
}

// Maglev; an endpoint above `bound` times its share of the load is passed over for one chosen by the hash, not by the
// neighbourhood.
int pick_consistent(const Candidates& from, std::uint64_t key, double bound) {
    const auto& table = from.upstream.maglev;
    if (table.empty()) return pick_rendezvous(from, key);
    double weights = 0, load = 1;
    for (std::uint32_t i = 0; i < from.upstream.endpoints.size(); ++i) {
        if (!from.may(i)) continue;
        weights += from.upstream.endpoints[i].weight;
        load += from.in_flight(i);
    }
    if (weights == 0) return -1;
    std::uint64_t hash = key;
    for (int attempt = 0; attempt < 32; ++attempt) {
        const std::uint32_t i = table[hash % table.size()];
        const double cap = std::ceil(bound * load * from.upstream.endpoints[i].weight / weights);
        if (from.may(i) && !from.full(i) && from.in_flight(i) + 1.0 <= cap) return static_cast<int>(i);
        hash = XXH3_64bits(&hash, sizeof hash);
    }
    return pick_rendezvous(from, key);
}

// Neither a worker's turn nor chance decides: the key does.
int pick_by_key(const Candidates& from, double bound = kBoundedLoad) {
    return from.upstream.balance.kind == Kind::ip_hash ? pick_rendezvous(from, from.input.key_hash)
                                                       : pick_consistent(from, from.input.key_hash, bound);
}

int pick(const Candidates& from, EndpointTable& table, Random& random) {
    const Upstream& upstream = from.upstream;
    auto load = [&](std::uint32_t i) { return (from.in_flight(i) + 1.0) / from.weight(i); };
    switch (upstream.balance.kind) {
        case Kind::weighted_round_robin:
            return pick_round_robin(from, table);
        case Kind::least_connections:
            return pick_least(from, random, load);
        case Kind::random_two:
            return pick_two(from, random, load);
        case Kind::peak_ewma:
            return pick_two(from, random, [&](std::uint32_t i) {
                return table.local(upstream.endpoints[i]).ewma.cost(from.input.now_us, from.in_flight(i)) /
                       from.weight(i);
            });
        case Kind::ip_hash:
        case Kind::hash:
            return pick_by_key(from);
    }
    return -1;
}

bool any(const Candidates& from) {
    for (std::uint32_t i = 0; i < from.upstream.endpoints.size(); ++i)
        if (from.may(i)) return true;
    return false;
}

// Primaries; backups when no primary may be chosen, whatever its load. False: none.
bool enter_pool(Candidates& from) {
    if (any(from)) return true;
    from.backups = from.upstream.has_backups;
    return from.backups && any(from);
}

// Whether a session's endpoint may still have its requests. Kept through a drain: the session ends with its cookie or
// with the endpoint.
bool holds_session(const Upstream& upstream, const ChoiceInput& input) {
    if (input.preferred < 0) return false;
    const auto i = static_cast<std::uint32_t>(input.preferred);
    const Endpoint& e = upstream.endpoints[i];
    const bool tried = std::find(input.tried.begin(), input.tried.end(), i) != input.tried.end();
    return !tried && e.wanted != config::EndpointState::maint && (e.state->healthy() || input.all_down);
}

// An endpoint that is up and has been tried is no reason to ask those that are down.
bool any_up(const Upstream& upstream) {
    return std::ranges::any_of(upstream.endpoints, [](const Endpoint& e) { return e.routable(); });
}

// Fewer routable primaries than panic_percent: better a suspect endpoint than an overrun one.
bool panicking(const Upstream& upstream) {
    if (upstream.ejection.panic_percent == 0) return false;
    std::uint32_t primaries = 0, routable = 0;
    for (const auto& e : upstream.endpoints) {
        if (e.backup) continue;
        ++primaries;
        routable += e.routable();
    }
    return routable * 100 < primaries * upstream.ejection.panic_percent;
}

}  // namespace

Random::Random(std::uint64_t seed) {
    for (auto& word : s_) {
        seed += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        word = z ^ (z >> 31);
    }
}

std::uint64_t Random::next() {
    auto rotl = [](std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
    const std::uint64_t result = rotl(s_[1] * 5, 7) * 9, t = s_[1] << 17;
    s_[2] ^= s_[0];
    s_[3] ^= s_[1];
    s_[1] ^= s_[2];
    s_[0] ^= s_[3];
    s_[2] ^= t;
    s_[3] = rotl(s_[3], 45);
    return result;
}

Choice claim(const Upstream& upstream, EndpointTable& table, Random& random, const ChoiceInput& input) {
    if (input.all_down && any_up(upstream)) return {};
    Candidates from{upstream, input, false, panicking(upstream)};
    if (holds_session(upstream, input)) {
        const auto i = static_cast<std::uint32_t>(input.preferred);
        if (count_in(upstream.endpoints[i])) return {Choice::Status::claimed, i};
    }
    if (upstream.endpoints.size() == 1) {
        // The common small case: nothing to choose, only to count.
        from.backups = upstream.endpoints[0].backup;
        if (!from.may(0)) return {};
        return count_in(upstream.endpoints[0]) ? Choice{Choice::Status::claimed, 0} : Choice{Choice::Status::busy, 0};
    }
    if (!enter_pool(from)) return {};
    // Another worker may fill the chosen endpoint between the look and the count: look again, a bounded number of
    // times.
    for (std::size_t attempt = 0; attempt <= upstream.endpoints.size(); ++attempt) {
        const int chosen = pick(from, table, random);
        if (chosen < 0) break;
        const auto i = static_cast<std::uint32_t>(chosen);
        if (count_in(upstream.endpoints[i])) return {Choice::Status::claimed, i};
    }
    return {Choice::Status::busy, 0};
}

void release(const Endpoint& endpoint) {
    endpoint.state->in_flight.fetch_sub(1, std::memory_order_relaxed);
}

Choice::Status look(const Upstream& upstream) {
    const ChoiceInput input;
    Candidates from{upstream, input, false, panicking(upstream)};
    if (!enter_pool(from)) return Choice::Status::none;
    for (std::uint32_t i = 0; i < upstream.endpoints.size(); ++i)
        if (from.may(i) && !from.full(i)) return Choice::Status::claimed;
    return Choice::Status::busy;
}

Outlook outlook(const Upstream& upstream, const ChoiceInput& input, bool hashed) {
    Candidates from{upstream, input, false, panicking(upstream)};
    Outlook out;
    out.candidates.resize(upstream.endpoints.size());
    if (input.all_down && any_up(upstream)) return out;
    const bool seen = enter_pool(from);
    std::uint32_t last = 0, count = 0;
    for (std::uint32_t i = 0; seen && i < upstream.endpoints.size(); ++i)
        if (from.may(i) && !from.full(i)) out.candidates[i] = true, last = i, ++count;
    out.busy = seen && count == 0;
    if (holds_session(upstream, input) && !from.full(static_cast<std::uint32_t>(input.preferred))) {
        out.certain = static_cast<std::uint32_t>(input.preferred);
        out.session = true;
        out.busy = false;
    } else if (count == 1) {
        out.certain = last;
    } else if (count > 1 && hashed) {
        // Where the load alone leads elsewhere, the next finished request may lead back.
        const auto next = static_cast<std::uint32_t>(pick_by_key(from));
        const auto home = static_cast<std::uint32_t>(pick_by_key(from, kAnyLoad));
        (next == home ? out.certain : out.crowded) = home;
    }
    return out;
}

std::vector<std::uint16_t> build_maglev(std::span<const Endpoint> endpoints) {
    constexpr std::uint64_t kSize = 65537;  // prime; 1 % of the imbalance of the smallest usual table
    if (endpoints.empty() || endpoints.size() > 0xffff) return {};
    std::vector<std::uint16_t> order(endpoints.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint16_t>(i);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return endpoints[a].text < endpoints[b].text; });
    struct Turn {
        std::uint64_t offset, skip, next = 0;
        double target = 0, weight;
    };
    std::vector<Turn> turns;
    double heaviest = 0;
    for (auto i : order) {
        const auto& text = endpoints[i].text;
        turns.push_back({XXH64(text.data(), text.size(), 0) % kSize,
                         XXH64(text.data(), text.size(), 1) % (kSize - 1) + 1, 0, 0,
                         static_cast<double>(endpoints[i].weight)});
        heaviest = std::max(heaviest, turns.back().weight);
    }
    if (heaviest == 0) return {};
    constexpr std::uint16_t kFree = 0xffff;
    std::vector<std::uint16_t> table(kSize, kFree);
    std::uint64_t filled = 0;
    for (std::uint64_t round = 1; filled < kSize; ++round) {
        for (std::size_t t = 0; t < turns.size() && filled < kSize; ++t) {
            Turn& turn = turns[t];
            if (static_cast<double>(round) * turn.weight < turn.target || turn.weight == 0) continue;
            turn.target += heaviest;
            std::uint64_t slot;
            do slot = (turn.offset + turn.skip * turn.next++) % kSize;
            while (table[slot] != kFree);
            table[slot] = order[t];
            ++filled;
        }
    }
    return table;
}

}  // namespace switchyard::upstream
