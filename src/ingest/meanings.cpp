#include "ingest/meanings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <unordered_map>
#include <vector>

#include "base/utf8.h"
#include "ingest/mapping.h"

namespace danggol::ingest {
namespace {

constexpr Meaning undone{Action::cancel, true}, none{std::nullopt};

// Words as plain() writes them. Events first, then the states of orders: Shopify, WooCommerce, Magento,
// Stripe, Square, Olist; Cafe24, Naver SmartStore, Coupang, Godomall; the e-commerce events of Google
// Analytics 4 and of Segment's specification, which Amplitude and PostHog follow.
const std::vector<std::pair<Meaning, std::vector<std::string_view>>> words = {
    {{Action::purchase},
     {"purchase", "purchased", "buy", "bought", "order", "ordered", "ordercompleted", "orderplaced",
      "checkoutcompleted", "transaction", "sale", "sold", "payment", "charge", "구매", "주문", "결제",
      "판매"}},
    {{Action::cancel},
     {"cancel", "cancellation", "refund", "return", "orderrefunded", "ordercancelled", "취소", "환불",
      "반품"}},
    {{Action::partner_use}, {"partneruse"}},
    {{Action::pay}, {"pay"}},
    {{Action::view},
     {"view", "viewed", "pv", "pageview", "$pageview", "productviewed", "viewitem", "viewcontent", "detail",
      "조회", "상품조회"}},
    {{Action::click}, {"click", "clicked", "productclicked", "selectitem", "selectpromotion", "클릭"}},
    {{Action::wishlist},
     {"wishlist", "fav", "favorite", "favourite", "addtowishlist", "productaddedtowishlist", "찜",
      "관심상품"}},
    {{Action::cart},
     {"cart", "addtocart", "addcart", "productadded", "basket", "addtobasket", "장바구니", "장바구니담기"}},
    {{Action::exposure},
     {"exposure", "impression", "viewitemlist", "viewpromotion", "productlistviewed", "promotionviewed",
      "노출"}},
    {{Action::search}, {"search", "searched", "viewsearchresults", "productssearched", "검색"}},
    {{Action::review}, {"review", "reviewed", "productreviewed", "리뷰", "후기", "상품평"}},

    {{Action::purchase},
     {"paid",
      "complete",
      "completed",
      "delivered",
      "shipped",
      "intransit",
      "outfordelivery",
      "dispatched",
      "pickedup",
      "readyforpickup",
      "fulfilled",
      "partiallyfulfilled",
      "processing",
      "invoiced",
      "approved",
      "captured",
      "succeeded",
      "success",
      "settled",
      "confirmed",
      "authorized",
      "partiallypaid",
      "partiallyrefunded",
      "partialrefund",
      "exchanged",
      "paymentaccepted",
      "closed",
      "카드승인",
      "매입",
      "교환요청",
      "교환신청",
      "교환접수",
      "취소거부",
      "취소철회",
      "반품거부",
      "반품철회",
      "결제완료",
      "입금완료",
      "입금확인",
      "신규주문",
      "주문완료",
      "주문확인",
      "발주확인",
      "상품준비중",
      "배송준비중",
      "배송준비",
      "배송대기",
      "배송지시",
      "배송시작",
      "배송중",
      "배송완료",
      "배달완료",
      "출고완료",
      "발송완료",
      "수취확인",
      "구매확정",
      "구매완료",
      "거래완료",
      "판매완료",
      "교환",
      "교환완료",
      "승인",
      "승인완료",
      "정상",
      "완료",
      "처리완료",
      "출고",
      "배송",
      "booked",
      "부분취소",
      "부분환불",
      "부분반품"}},
    {undone, {"canceled",  "취소신청",   "취소요청", "취소접수", "취소처리중", "반품요청", "반품신청",
              "반품접수",  "반품수거중", "환불요청", "환불신청", "환불처리중", "카드취소", "매입취소",
              "cancelled", "refunded",   "returned", "void",     "voided",     "reversed", "chargeback",
              "취소완료",  "주문취소",   "결제취소", "승인취소", "판매취소",   "취소됨",   "반품완료",
              "반품됨",    "환불완료",   "환불대기", "반품대기", "취소대기",   "전체취소", "전체환불"}},
    {none,
     {"unpaid",
      "notpaid",
      "pending",
      "pendingpayment",
      "paymentpending",
      "awaitingpayment",
      "awaitingcheckpayment",
      "awaitingbankwirepayment",
      "paymenterror",
      "failed",
      "failure",
      "declined",
      "expired",
      "abandoned",
      "draft",
      "checkoutdraft",
      "onhold",
      "holded",
      "paymentreview",
      "unavailable",
      "incomplete",
      "requirespaymentmethod",
      "requiresaction",
      "requiresconfirmation",
      "blocked",
      "fraud",
      "trash",
      "미결제",
      "미입금",
      "입금전",
      "입금대기",
      "입금대기중",
      "결제대기",
      "결제대기중",
      "결제전",
      "결제실패",
      "주문실패",
      "미결제취소"}},
};

}  // namespace

std::string name(const Meaning& meaning) {
  if (meaning.is_undone) return "canceled";
  return meaning.action ? std::string(name_of(*meaning.action)) : "none";
}

Status Meanings::add(std::string_view value, std::string_view meaning) {
  std::vector<Meaning> all = {undone, none};
  for (size_t action = 0; action < action_names.size(); ++action)
    all.push_back({static_cast<Action>(action)});
  auto said = std::find_if(all.begin(), all.end(), [&](const Meaning& m) { return name(m) == meaning; });
  if (said == all.end()) {
    std::vector<std::string> names;
    for (const Meaning& known : all) names.push_back(name(known));
    return Error{Code::bad_input, fmt::format("action-values: {}={}: must be one of {}", shown(value),
                                              shown(meaning), fmt::join(names, ", "))};
  }
  own_.insert_or_assign(plain(value), *said);
  return {};
}

std::optional<Meaning> Meanings::of(std::string_view value, bool is_state) const {
  static const auto known = [] {
    std::unordered_map<std::string_view, Meaning> out;
    for (const auto& [meaning, all] : words)
      for (std::string_view word : all) out.emplace(word, meaning);
    return out;
  }();
  std::string word = plain(value);
  if (auto own = own_.find(word); own != own_.end()) return own->second;
  if (word.starts_with("wc")) word.erase(0, 2);  // WooCommerce's own names
  auto found = known.find(word);
  if (found == known.end()) return {};
  if (is_state && found->second.action == Action::cancel) return undone;
  if (is_state && found->second.action == Action::pay) return Meaning{Action::purchase};
  return found->second;
}

Charge charge_of(std::string_view product_name) {
  static const std::unordered_map<std::string_view, Charge> known = [] {
    std::unordered_map<std::string_view, Charge> out;
    for (std::string_view word : {"shipping",
                                  "shippingfee",
                                  "shippingcharge",
                                  "shippingcost",
                                  "shippingandhandling",
                                  "shipping&handling",
                                  "standardshipping",
                                  "expressshipping",
                                  "freeshipping",
                                  "flatrateshipping",
                                  "economyshipping",
                                  "priorityshipping",
                                  "internationalshipping",
                                  "delivery",
                                  "deliveryfee",
                                  "deliverycharge",
                                  "postage",
                                  "carriage",
                                  "freight",
                                  "handling",
                                  "handlingfee",
                                  "giftcard",
                                  "giftvoucher",
                                  "tax",
                                  "salestax",
                                  "vat",
                                  "gst",
                                  "servicefee",
                                  "servicecharge",
                                  "tip",
                                  "gratuity",
                                  "rounding",
                                  "manual",
                                  "adjustment",
                                  "commission",
                                  "bankcharges",
                                  "bankfee",
                                  "amazonfee",
                                  "dotcompostage",
                                  "crukcommission",
                                  "배송비",
                                  "배송료",
                                  "택배비",
                                  "배달비",
                                  "부가세",
                                  "세금",
                                  "수수료",
                                  "봉사료"})
      out.emplace(word, Charge::cost);
    for (std::string_view word : {"discount",       "discountcode",  "memberdiscount", "loyaltydiscount",
                                  "volumediscount", "orderdiscount", "coupon",         "coupondiscount",
                                  "couponcode",     "promotion",     "promocode",      "promotiondiscount",
                                  "storecredit",    "할인",          "할인금액",       "상품할인",
                                  "즉시할인",       "회원할인",      "멤버십할인",     "쿠폰",
                                  "쿠폰할인",       "쿠폰사용",      "할인쿠폰",       "적립금",
                                  "적립금사용",     "포인트",        "포인트사용",     "포인트할인",
                                  "에누리"})
      out.emplace(word, Charge::discount);
    return out;
  }();
  // Nearly all names part from all of these by their first three letters.
  constexpr size_t longest = 32;
  auto key = [](std::string_view word) {
    return static_cast<size_t>(word[0] & 31) << 10 | static_cast<size_t>(word[1] & 31) << 5 |
           static_cast<size_t>(word[2] & 31);
  };
  static const auto may_begin = [&] {
    std::bitset<size_t{1} << 15> out;
    for (const auto& [word, charge] : known) out.set(key(word));
    return out;
  }();
  auto is_skipped = [](char c) { return c == ' ' || c == '_' || c == '-' || c == '.'; };
  if (product_name.size() < 3 ||
      (!may_begin[key(product_name)] && !is_skipped(product_name[1]) && !is_skipped(product_name[2])))
    return Charge::none;
  std::array<char, longest> word;  // as plain() writes it, for all of these are known by their ASCII letters
  size_t length = 0;
  for (char c : product_name) {
    if (is_skipped(c)) continue;
    if (length > 0 && (c == ':' || c == '(' || c == '[')) break;  // "Discount: WELCOME10"
    if (length == longest) return Charge::none;
    word[length++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  auto found = known.find(std::string_view(word.data(), length));
  return found == known.end() ? Charge::none : found->second;
}

bool is_state_by_name(std::string_view column) {
  std::string name = plain(column);
  return name.find("status") != name.npos || name.find("상태") != name.npos || name == "state" ||
         name == "orderstate";
}

}  // namespace danggol::ingest
