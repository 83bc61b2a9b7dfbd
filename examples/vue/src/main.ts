import { createApp } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { wasmRum } from 'wasm-rum/vue'
import App from './App.vue'
import Home from './Home.vue'
import Item from './Item.vue'

const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', component: Home },
    { path: '/item/:id', component: Item },
  ],
})

createApp(App)
  // Before the router, which goes to the first route at once. The collector answers at the page's own host; else `endpoint` is
  // its address.
  .use(wasmRum, { router, app: 'demo', endpoint: '/', release: 'vue' })
  .use(router)
  .mount('#app')
