import Link from 'next/link'

export default function Home() {
  return <Link href="/item/7">Item 7</Link>
}
