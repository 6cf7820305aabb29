#include "forum/store/engine/sqlite/search_rank.h"

#include <sqlite3.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "forum/store/engine/store_error.h"

namespace forum {

namespace {

constexpr std::int64_t kCountedMatches = 1'000;
// The usual constants of BM25: how soon more hits stop to matter, and how much long texts are held back.
constexpr double kSaturation = 1.2;
constexpr double kLengthShare = 0.75;
// A word in more than half of the texts would weigh nothing or less.
constexpr double kLeastWeight = 1e-6;

struct OfQuery {
    double average_length = 1;
    double best = 0;  // what a text would reach that consisted of nothing but hits
    std::vector<double> phrase_weights;
    std::vector<double> scores;  // of one row; kept for its memory
};

// Phrases of one connection that so many texts contain that counting them ends at the limit: nine in ten of what people
// type, and most of what a search for several words costs. Each with the name of its index in front.
class CommonPhrases {
  public:
    bool has(const std::string& phrase) const { return phrases_.contains(phrase); }
    void add(const std::string& phrase) {
        if (phrase.size() > kLongest) return;
        if (phrases_.size() == kMost) phrases_.clear();
        phrases_.insert(phrase);
    }

  private:
    // Each connection has its own, and a client can ask for anything: half a megabyte each.
    static constexpr std::size_t kMost = 4'000;
    static constexpr std::size_t kLongest = 64;
    std::set<std::string> phrases_;
};

// What the caller says about the query; empty when it says nothing.
struct Asked {
    std::string_view index;
    std::string_view expression;
};

// The phrases of an expression in their order: each in quotes, none with a quote inside, perhaps a * behind.
std::vector<std::string> phrases_of(std::string_view index, std::string_view expression) {
    std::vector<std::string> all;
    while (!expression.empty()) {
        const std::size_t close = expression.find('"', 1);
        const std::size_t end = std::min(expression.find(' ', close), expression.size());
        all.push_back(std::string(index) += expression.substr(0, end));
        expression.remove_prefix(std::min(end + 1, expression.size()));
    }
    return all;
}

int count_match(const Fts5ExtensionApi*, Fts5Context*, void* count) {
    return ++*static_cast<std::int64_t*>(count) < kCountedMatches ? SQLITE_OK : SQLITE_DONE;
}

// `name` is empty when it was not told what was searched for.
int weight_of(const Fts5ExtensionApi* api, Fts5Context* context, int phrase, const std::string& name,
              sqlite3_int64 rows, double* weight) {
    auto* const common = static_cast<CommonPhrases*>(api->xUserData(context));
    std::int64_t matches = kCountedMatches;
    int code = SQLITE_OK;
    if (name.empty() || !common->has(name)) {
        matches = 0;
        code = api->xQueryPhrase(context, phrase, &matches, &count_match);
        if (!name.empty() && code == SQLITE_OK && matches == kCountedMatches) common->add(name);
    }
    const auto with = static_cast<double>(matches);
    const double rarity = std::log((static_cast<double>(rows) - with + 0.5) / (with + 0.5));
    *weight = rarity > kLeastWeight ? rarity : kLeastWeight;
    return code;
}

// What depends on the query only; made with the first row and kept by FTS5 until the query ends.
int facts_of_query(const Fts5ExtensionApi* api, Fts5Context* context, bool as_share, const Asked& asked,
                   OfQuery** out) {
    *out = static_cast<OfQuery*>(api->xGetAuxdata(context, 0));
    if (*out != nullptr) return SQLITE_OK;
    auto facts = std::make_unique<OfQuery>();
    sqlite3_int64 rows = 0;
    sqlite3_int64 length = 0;
    int code = api->xRowCount(context, &rows);
    if (code == SQLITE_OK) code = api->xColumnTotalSize(context, -1, &length);
    if (rows > 0 && length > 0) facts->average_length = static_cast<double>(length) / static_cast<double>(rows);
    const int phrases = api->xPhraseCount(context);
    std::vector<std::string> names = phrases_of(asked.index, asked.expression);
    // FTS5 leaves out a phrase without a word in it. Then it is not known which name belongs to which, and what is
    // remembered under a wrong name spoils the ranking of others.
    if (names.size() != static_cast<std::size_t>(phrases)) names.clear();
    names.resize(static_cast<std::size_t>(phrases));
    for (int phrase = 0; code == SQLITE_OK && phrase < phrases; ++phrase) {
        double weight = 1;
        // The share of a single phrase is the same whatever it weighs, so its matches need no counting.
        if (!as_share || phrases > 1) {
            code = weight_of(api, context, phrase, names[static_cast<std::size_t>(phrase)], rows, &weight);
        }
        facts->phrase_weights.push_back(weight);
        facts->best += weight * (kSaturation + 1);
    }
    if (code != SQLITE_OK) return code;
    facts->scores.resize(facts->phrase_weights.size());
    *out = facts.get();
    return api->xSetAuxdata(context, facts.release(), [](void* kept) { delete static_cast<OfQuery*>(kept); });
}

int rank_row(const Fts5ExtensionApi* api, Fts5Context* context, OfQuery* facts, int value_count, sqlite3_value** values,
             double* rank) {
    int code = SQLITE_OK;
    for (double& score : facts->scores) score = 0;
    int hits = 0;
    code = api->xInstCount(context, &hits);
    for (int hit = 0; code == SQLITE_OK && hit < hits; ++hit) {
        int phrase = 0;
        int column = 0;
        int offset = 0;
        code = api->xInst(context, hit, &phrase, &column, &offset);
        const double weight = column < value_count ? sqlite3_value_double(values[column]) : 1;
        if (code == SQLITE_OK) facts->scores[static_cast<std::size_t>(phrase)] += weight;
    }
    int length = 0;
    if (code == SQLITE_OK) code = api->xColumnSize(context, -1, &length);
    const double longer = static_cast<double>(length) / facts->average_length;
    *rank = 0;
    for (std::size_t phrase = 0; phrase < facts->scores.size(); ++phrase) {
        const double score = facts->scores[phrase];
        *rank -= facts->phrase_weights[phrase] * score * (kSaturation + 1) /
                 (score + kSaturation * (1 - kLengthShare + kLengthShare * longer));
    }
    return code;
}

std::string_view text_of(sqlite3_value* value) {
    const auto* const text = static_cast<const char*>(sqlite3_value_blob(value));
    return {text, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

Asked asked_in(const Fts5ExtensionApi* api, Fts5Context* context, int value_count, sqlite3_value** values) {
    if (value_count < api->xColumnCount(context) + 2) return {};
    return {text_of(values[value_count - 2]), text_of(values[value_count - 1])};
}

template <bool AsShare>
void rank_function(const Fts5ExtensionApi* api, Fts5Context* context, sqlite3_context* result, int value_count,
                   sqlite3_value** values) {
    OfQuery* facts = nullptr;
    double rank = 0;
    int code = facts_of_query(api, context, AsShare, asked_in(api, context, value_count, values), &facts);
    if (code == SQLITE_OK) code = rank_row(api, context, facts, value_count, values, &rank);
    if (code == SQLITE_OK) {
        sqlite3_result_double(result, AsShare ? rank / facts->best : rank);
    } else {
        sqlite3_result_error_code(result, code);
    }
}

fts5_api* api_of(sqlite3* database) {
    fts5_api* api = nullptr;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database, "SELECT fts5(?1)", -1, &statement, nullptr) == SQLITE_OK) {
        sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
        sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return api;
}

}  // namespace

void register_search_rank(sqlite3* database) {
    fts5_api* const api = api_of(database);
    const auto known = [api](const char* name, fts5_extension_function function) {
        auto common = std::make_unique<CommonPhrases>();
        return api->xCreateFunction(api, name, common.release(), function,
                                    [](void* kept) { delete static_cast<CommonPhrases*>(kept); }) == SQLITE_OK;
    };
    if (api == nullptr || !known("search_rank", &rank_function<false>) ||
        !known("search_share", &rank_function<true>)) {
        throw StoreError("this SQLite was built without FTS5, which the forum's search needs");
    }
}

}  // namespace forum
