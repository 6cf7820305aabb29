// Keys of the cookies that the proxy sets. See field.h.
#pragma once

#include "config/fields/field.h"
#include "config/model/cookie.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<CookieAttributes>) {
    field("secure", &CookieAttributes::secure, {.doc = "Secure: browsers send it by https alone."});
    field("same_site", &CookieAttributes::same_site,
          {.doc = "SameSite: whether requests that other sites lead to carry it; none needs secure.",
           .choices = {"lax", "strict", "none"}});
    field("domain", &CookieAttributes::domain,
          {.doc = "Domain: the site whose hosts get it; empty: the host alone that has set it."});
    field("path", &CookieAttributes::path, {.doc = "Path: the start of the paths that get it."});
    field("max_age", &CookieAttributes::max_age,
          {.doc = "Max-Age: how long it is kept; 0s: until the browser ends; none: a year for sticky.mint, until the "
                  "browser ends for sticky_session.",
           .max = limits::kCookieAge});
}

}  // namespace switchyard::config
