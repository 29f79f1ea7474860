-- The events of the customers $first to $last, with what an Event of contract/sequences.h is made of.
SELECT customer_no, ts, text_hash(receipt_id) AS receipt, amount, product_no, store_no, action, outlet_no
FROM event WHERE customer_no BETWEEN $first AND $last
