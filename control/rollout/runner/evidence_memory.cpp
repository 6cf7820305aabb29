#include "control/rollout/runner/evidence_memory.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace switchyard::control::rollout {

namespace {

using Json = nlohmann::ordered_json;

// Classes list what they remember in one function, and both directions go through it: nothing is written that is not
// read, under whatever name.
template <class T, class Memory>
concept Remembers = requires(T& value, Memory& memory) {
    value.remember(memory);
};

template <class T>
struct IsArray : std::false_type {};
template <class T, std::size_t N>
struct IsArray<std::array<T, N>> : std::true_type {};

// Counts of buckets as text: five bits a letter, the lowest first, lower case while more follow. After a zero comes how
// many more zeros follow, so that 65,536 counts of few users are short, and none is longer than it must be.
constexpr char kLast[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
constexpr std::size_t kMostListed = 100'000;
constexpr char kMore[] = "abcdefghijklmnopqrstuvwxyz6789-_";

void write_number(std::string& out, std::uint32_t number) {
    for (; number >= 32; number /= 32) out += kMore[number % 32];
    out += kLast[number];
}

class EvidenceWriter {
  public:
    template <class T>
    void operator()(const std::string& name, T& value) {
        out_[name] = written(value);
    }
    Json take() { return std::move(out_); }

  private:
    template <class T>
    static Json written(T& value) {
        if constexpr (Remembers<T, EvidenceWriter>) {
            EvidenceWriter inner;
            value.remember(inner);
            return inner.take();
        } else {
            return Json(value);
        }
    }
    template <class T>
    static Json written(std::optional<T>& value) {
        return value ? written(*value) : Json(nullptr);
    }
    template <class List>
    requires Remembers<typename List::value_type, EvidenceWriter>
    static Json written(List& list) {
        Json out = Json::array();
        for (auto& each : list) out.push_back(written(each));
        return out;
    }
    // Four buckets a digit; zeros at the end are left out.
    template <std::size_t N>
    static Json written(std::bitset<N>& bits) {
        std::string digits;
        if (bits.any())
            for (std::size_t i = 0; i < N; i += 4)
                digits += "0123456789abcdef"[bits[i] | bits[i + 1] << 1 | bits[i + 2] << 2 | bits[i + 3] << 3];
        digits.erase(digits.find_last_not_of('0') + 1);
        return digits;
    }
    template <class T>
    requires std::is_unsigned_v<T>
    static Json written(std::vector<T>& counts) {
        std::string letters;
        for (std::size_t i = 0; i < counts.size(); ++i) {
            write_number(letters, counts[i]);
            if (counts[i] != 0) continue;
            const std::size_t first = i;
            while (i + 1 < counts.size() && counts[i + 1] == 0) ++i;
            write_number(letters, static_cast<std::uint32_t>(i - first));
        }
        return letters;
    }
    static Json written(Histogram& histogram) {
        Json out = Json::array();
        for (std::size_t i = 0; i < Histogram::kBuckets; ++i)
            if (histogram.at(i) > 0) out.push_back({i, histogram.at(i)});
        return out;
    }

    Json out_ = Json::object();
};

class Reader {
  public:
    explicit Reader(const Json& in) : in_(in) {}

    template <class T>
    void operator()(const std::string& name, T& value) {
        read(in_.at(name), value);
    }

  private:
    static void demand(bool sound) {
        if (!sound) throw std::runtime_error("not what was written");
    }
    template <class T>
    static void read(const Json& in, T& value) {
        if constexpr (Remembers<T, Reader>) {
            Reader inner(in);
            value.remember(inner);
        } else if constexpr (IsArray<T>::value) {
            demand(in.is_array() && in.size() == value.size());
            for (std::size_t i = 0; i < value.size(); ++i) read(in[i], value[i]);
        } else if constexpr (std::is_floating_point_v<T>) {
            demand(in.is_number());
            value = in.get<T>();
        } else if constexpr (std::is_same_v<T, bool>) {
            demand(in.is_boolean());
            value = in.get<bool>();
        } else {
            static_assert(std::is_unsigned_v<T>);
            demand(in.is_number_unsigned());
            value = in.get<T>();
        }
    }
    template <class T>
    static void read(const Json& in, std::optional<T>& value) {
        value.reset();
        if (!in.is_null()) read(in, value.emplace());
    }
    template <std::size_t N>
    static void read(const Json& in, std::bitset<N>& bits) {
        demand(in.is_string());
        const auto& digits = in.get_ref<const std::string&>();
        demand(digits.size() <= N / 4);
        bits.reset();
        for (std::size_t i = 0; i < digits.size(); ++i) {
            const char c = digits[i];
            demand((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
            const auto four = static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
            for (std::size_t bit = 0; bit < 4; ++bit) bits[4 * i + bit] = (four >> bit & 1U) != 0;
        }
    }
    static std::uint32_t read_number(std::string_view& letters) {
        std::uint64_t number = 0;
        for (unsigned bits = 0;; bits += 5) {
            demand(!letters.empty() && letters.front() != '\0' && bits < 35);
            const char letter = letters.front();
            letters.remove_prefix(1);
            const char* last = std::strchr(kLast, letter);
            const char* more = std::strchr(kMore, letter);
            demand(last != nullptr || more != nullptr);
            number |= static_cast<std::uint64_t>(last != nullptr ? last - kLast : more - kMore) << bits;
            demand(number <= std::numeric_limits<std::uint32_t>::max());
            if (last != nullptr) return static_cast<std::uint32_t>(number);
        }
    }
    // However many there are.
    template <class List>
    requires Remembers<typename List::value_type, Reader>
    static void read(const Json& in, List& list) {
        demand(in.is_array() && in.size() <= kMostListed);
        list.clear();
        for (const Json& each : in) read(each, list.emplace_back());
    }
    // As many as there are already.
    template <class T>
    requires std::is_unsigned_v<T>
    static void read(const Json& in, std::vector<T>& counts) {
        demand(in.is_string());
        std::string_view letters = in.get_ref<const std::string&>();
        for (std::size_t i = 0; i < counts.size(); ++i) {
            const std::uint32_t count = read_number(letters);
            demand(count <= std::numeric_limits<T>::max());
            counts[i] = static_cast<T>(count);
            if (counts[i] != 0) continue;
            const std::size_t more = read_number(letters);
            demand(more < counts.size() - i);
            std::fill_n(counts.begin() + static_cast<std::ptrdiff_t>(i), more + 1, T{0});
            i += more;
        }
        demand(letters.empty());
    }
    static void read(const Json& in, Histogram& histogram) {
        demand(in.is_array());
        histogram.clear();
        for (const Json& row : in) {
            demand(row.is_array() && row.size() == 2 && row[0].is_number_unsigned() && row[1].is_number_unsigned());
            demand(row[0].get<std::size_t>() < Histogram::kBuckets);
            histogram.add(row[0].get<std::size_t>(), row[1].get<std::uint64_t>());
        }
    }

    const Json& in_;
};

}  // namespace

Json remember(const analysis::Analysis& analysis, const Intake& intake) {
    EvidenceWriter writer;
    unsigned version = kEvidenceVersion;
    bool sticky = intake.sticky();
    writer("version", version);
    writer("sticky", sticky);
    auto tests = analysis;
    writer("tests", tests);
    auto counted = intake.lasting();
    writer("counted", counted);
    return writer.take();
}

Json remember_step(const analysis::Analysis& analysis, const Intake& intake) {
    EvidenceWriter writer;
    unsigned version = kEvidenceVersion;
    writer("version", version);
    auto tests = analysis;
    tests.remember_step(writer);
    auto counted = intake.in_step();
    writer("counted", counted);
    return writer.take();
}

bool recall_step(const Json& told, analysis::Analysis& analysis, Intake& intake) try {
    Reader reader(told);
    unsigned version = 0;
    reader("version", version);
    if (version != kEvidenceVersion) return false;
    auto tests = analysis;
    tests.remember_step(reader);
    auto counted = intake.in_step();
    reader("counted", counted);
    if (counted.seen.has_value() != intake.sticky()) return false;
    analysis = std::move(tests);
    intake.go_on(std::move(counted));
    return true;
} catch (const std::exception&) {
    return false;
}

bool recall(const Json& kept, analysis::Analysis& analysis, Intake& intake) try {
    Reader reader(kept);
    unsigned version = 0;
    bool sticky = false;
    reader("version", version);
    reader("sticky", sticky);
    if (version != kEvidenceVersion || sticky != intake.sticky()) return false;
    auto tests = analysis;
    reader("tests", tests);
    auto counted = intake.lasting();
    reader("counted", counted);
    analysis = std::move(tests);
    intake.restore(std::move(counted));
    return true;
} catch (const std::exception&) {
    return false;
}

}  // namespace switchyard::control::rollout
