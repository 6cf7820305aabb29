#include "control/analysis/bucket_bets.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "control/analysis/arm_factor.h"

namespace switchyard::control::analysis {

namespace {

constexpr double kFirstStake = 0.5, kFirstHorizon = 0.25;

// Whether bet `number` is still looked at when `placed` is the last one: decided by the two alone.
bool kept(BetNumber number, BetNumber placed) {
    const unsigned ages = static_cast<unsigned>(placed - number) / BucketBets::kAllOf;
    return number == 1 || number % (1U << std::bit_width(ages)) == 0;
}

}  // namespace

BucketBets::BucketBets(double guard, const Grid& factors, double horizon)
    : guard_(guard), per_horizon_(std::max(1.0, std::floor(horizon / BetClock::kEvery))) {
    for (std::size_t i = 0; i < kGrid; ++i) {
        risk_[i] = guard * factors[i];
        log_ratio_[i] = std::log(factors[i]);
    }
    place(1);
}

double BucketBets::stake_of(BetNumber number) const {
    if (number == 1) return kFirstStake;
    return kFirstHorizon * std::exp2(-std::floor((number - 2) / per_horizon_)) / per_horizon_;
}

void BucketBets::place(BetNumber number) {
    for (; placed_ < number; ++placed_) {
        Bet bet;
        bet.number = static_cast<BetNumber>(placed_ + 1);
        bet.stakes.fill(stake_of(bet.number));
        bet.weigh();
        bets_.push_back(bet);
    }
    std::erase_if(bets_, [&](const Bet& bet) { return !kept(bet.number, placed_); });
}

void BucketBets::Bet::multiply(const Grid& factors) {
    for (std::size_t i = 0; i < kGrid; ++i) stakes[i] = std::min(stakes[i] * factors[i], kMostEvidence);
    weigh();
}

void BucketBets::Bet::weigh() {
    double sum = 0.0;
    for (const double stake : stakes) sum += stake;
    // A bet that has lost everything to rounding has lost.
    log_evidence = sum > 0.0 ? std::log(sum / static_cast<double>(kGrid)) : std::numeric_limits<double>::lowest();
}

void BucketBets::add(BetNumber placed, double share, const FreshMarks& canary, const FreshMarks& baseline) {
    if (placed > placed_) place(placed);
    const std::size_t known = std::max(canary.size(), baseline.size());
    if (known == 0 || share <= 0.0 || share >= 1.0) return;
    if (share != share_) {
        for (std::size_t i = 0; i < kGrid; ++i) log_dilution_[i] = analysis::log_dilution(share, risk_[i], guard_);
        share_ = share;
    }
    // Bets between two numbers that marks came with see the same counts, and share one factor.
    std::uint64_t in_canary = 0, in_both = 0;
    std::size_t before = 0;
    Grid factors{};
    for (Bet& bet : bets_) {
        bool more = false;
        for (; before < std::min<std::size_t>(bet.number, known); ++before) {
            const auto c = canary.at(before), b = baseline.at(before);
            in_canary += c, in_both += c + b;
            more = more || c + b > 0;
        }
        if (in_both == 0) continue;
        if (more)
            for (std::size_t i = 0; i < kGrid; ++i)
                factors[i] = std::exp(static_cast<double>(in_canary) * log_ratio_[i] -
                                      static_cast<double>(in_both) * log_dilution_[i]);
        bet.multiply(factors);
    }
}

double BucketBets::log_evidence() const {
    double best = std::numeric_limits<double>::lowest();
    for (const Bet& bet : bets_) best = std::max(best, bet.log_evidence);
    return best;
}

}  // namespace switchyard::control::analysis
