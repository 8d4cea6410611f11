DROP TABLE event_cursors;
DROP TABLE webhook_deliveries;
DROP TABLE webhooks;
DROP TABLE event_documents;
DROP TABLE events;
