-- The columns of a Line, see contract/histories.h.
SELECT customer_no, ts::DATE AS day, place, hash(receipt_id) AS receipt,
       coalesce(amount, 0)::DECIMAL(18, 4) AS amount, coalesce(product_no, -1) AS product_no,
       coalesce(store_no, -1) AS store_no
FROM event JOIN history_place
  ON event.action = history_place.action AND coalesce(event.partner, '') = history_place.partner
     AND coalesce(event.channel, '') = history_place.channel
