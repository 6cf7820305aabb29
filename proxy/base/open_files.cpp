#include "proxy/base/open_files.h"

#include <sys/resource.h>

#include <algorithm>

namespace switchyard {
namespace {

std::uint64_t raised() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

}  // namespace

OpenFiles OpenFiles::of(std::uint64_t limit) {
    OpenFiles out;
    if (limit == 0 || limit > static_cast<std::uint64_t>(out.for_clients)) return out;
    const auto reserve = std::min(limit / 2, std::clamp(limit / kReservedPart, kLeastReserve, kMostReserve));
    out.for_clients = static_cast<int>(limit - reserve);
    out.for_endpoints = static_cast<int>(limit - reserve / 2);
    return out;
}

std::uint64_t raise_open_files() {
    const auto limit = raised();
    open_files = OpenFiles::of(limit);
    return limit;
}

}  // namespace switchyard
