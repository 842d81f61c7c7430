importScripts('http://localhost:8080/sdk/v1/worker.js?site=TOKEN');
