-- What an Event of contract/sequences.h is made of, with action and outlet for its place.
SELECT customer_no, ts, text_hash(receipt_id) AS receipt, amount, product_no, store_no, action, outlet_no FROM event
