#include "proxy/base/mark_notes.h"

#include <doctest/doctest.h>

#include <string>

using namespace switchyard;

namespace {

MarkNote of_path(std::string_view path, std::string_view method = "GET") {
    return {MarkNote::Group::failed, AnswerKind::ordinary, Failure::none, 500, 1, method, path};
}

std::string shape(std::string_view path) {
    return std::string(of_path(path).path());
}

}  // namespace

TEST_CASE("a path is told by its shape: what differs from request to request is a star") {
    CHECK(shape("/checkout") == "/checkout");
    CHECK(shape("/") == "/");
    CHECK(shape("/posts/123/comments") == "/posts/*/comments");
    CHECK(shape("/u/6fa459ea-ee8a-3ca4-894e-db77e160355e") == "/u/*");
    CHECK(shape("/blob/deadbeef01") == "/blob/*");
    CHECK(shape("/defaced/") == "/defaced/");  // no digit: a word
    CHECK(shape("/t/abcdefghijklmnopqrstuvwxyz") == "/t/*");
    CHECK(shape("*") == "*");
    CHECK(shape("") == "");
}

TEST_CASE("what a client may send is printable ASCII in a note, and no longer than its room") {
    CHECK(shape("/a\x9b"
                "31m\x1b[0m") == "/a?31m?[0m");
    CHECK(shape("/\xe2\x80\xae"
                "abc") == "/???abc");  // right-to-left override
    const std::string cut = shape("/aaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbb/cccccccccccccc/ddddd");
    CHECK(cut.size() == MarkNote::kPath);
    CHECK(cut.ends_with("..."));
    CHECK(of_path("/", "PROPPATCH-AND-MORE").method().size() == MarkNote::kMethod);
}

TEST_CASE("the same note again is a count; a table holds so many different ones and drops the rest") {
    MarkNotes notes;
    for (int i = 0; i < 5; ++i) notes.add(of_path("/a"));
    notes.add(of_path("/a", "POST"));
    REQUIRE(notes.notes().size() == 2);
    CHECK(notes.notes()[0].times == 5);
    CHECK(notes.notes()[1].times == 1);
    for (char c = 'a'; c <= 'z'; ++c) notes.add(of_path(std::string("/word-") + c));
    CHECK(notes.notes().size() == MarkNotes::kMost - MarkNotes::kMostOfSpeed);
    notes.add(of_path("/a"));
    CHECK(notes.notes()[0].times == 6);
    notes.clear();
    CHECK(notes.notes().empty());
}

TEST_CASE("much that is slow leaves room for what fails after it") {
    MarkNotes notes;
    for (int i = 0; i < 100; ++i) {
        const std::string path = "/word-" + std::string(1, static_cast<char>('a' + i % 26)) + (i < 50 ? "x" : "y");
        notes.add({MarkNote::Group::slow, AnswerKind::ordinary, Failure::none, 200, 1, "GET", path});
    }
    CHECK(notes.notes().size() == MarkNotes::kMostOfSpeed);
    notes.add(of_path("/checkout"));
    REQUIRE(notes.notes().size() == MarkNotes::kMostOfSpeed + 1);
    CHECK(notes.notes().back().path() == "/checkout");
}
