#include "bench/yardbench/report/slo.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "bench/yardbench/report/duration.h"
#include "bench/yardbench/report/figures.h"

namespace yardbench {
namespace {

double number(const std::string& text, char suffix, const std::string& part) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const bool whole = *end == '\0' || (suffix != 0 && end[0] == suffix && end[1] == '\0');
    if (end == text.c_str() || !whole || value < 0 || !std::isfinite(value))
        throw std::invalid_argument("'" + part + "': '" + text + "' is no number");
    return *end == '%' ? value / 100 : value;
}

double error_share(const Tally& tally) {
    const auto offered = static_cast<double>(tally.finished + tally.unsent);
    return offered == 0 ? 1.0 : static_cast<double>(tally.failed() + tally.unsent) / offered;
}

}  // namespace

Slo::Slo(const std::string& text) {
    std::stringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        const std::size_t equals = part.find('=');
        const std::string name = part.substr(0, equals);
        const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
        Limit limit{Limit::Kind::max, name};
        if (name == "max") {
            limit.value = static_cast<double>(parse_duration(value));
        } else if (name == "errors") {
            limit.kind = Limit::Kind::errors;
            limit.value = number(value, '%', part);
        } else if (name == "rate") {
            limit.kind = Limit::Kind::rate;
            limit.value = number(value, 0, part);
        } else if (name.size() > 1 && name[0] == 'p' && name[1] >= '0' && name[1] <= '9') {
            limit.kind = Limit::Kind::quantile;
            limit.quantile = number(name.substr(1), 0, part) / 100;
            if (limit.quantile >= 1) throw std::invalid_argument("'" + part + "': the quantile must be below 100");
            limit.value = static_cast<double>(parse_duration(value));
        } else {
            throw std::invalid_argument("'" + part +
                                        "' is no expectation; write p99=20ms, max=1s, errors=0.1% or rate=5000");
        }
        limits_.push_back(limit);
    }
}

std::vector<Slo::Line> Slo::judge(const Tally& tally) const {
    std::vector<Line> lines;
    for (const Limit& limit : limits_) {
        switch (limit.kind) {
            case Limit::Kind::quantile:
            case Limit::Kind::max: {
                const Nanos seen =
                    limit.kind == Limit::Kind::max ? tally.latency.max() : tally.latency.quantile(limit.quantile);
                const auto most = static_cast<Nanos>(limit.value);
                // Without a single answer there is no latency that could hold anything.
                lines.push_back({fmt::format("{} {}, at most {}", limit.name, duration_text(seen), duration_text(most)),
                                 tally.finished > 0 && seen <= most});
                break;
            }
            case Limit::Kind::errors: {
                const double share = error_share(tally);
                lines.push_back({fmt::format("errors {:.4g} %, at most {:.4g} %", share * 100, limit.value * 100),
                                 share <= limit.value});
                break;
            }
            case Limit::Kind::rate:
                lines.push_back({fmt::format("rate {:.0f} per second, at least {:.0f}", tally.rate(), limit.value),
                                 tally.rate() >= limit.value});
                break;
        }
    }
    return lines;
}

bool Slo::held(const Tally& tally) const {
    const std::vector<Line> lines = judge(tally);
    return std::all_of(lines.begin(), lines.end(), [](const Line& line) { return line.held; });
}

}  // namespace yardbench
